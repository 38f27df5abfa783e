// Reads a feed from standard input with rss-parser and prints what a reader sees of it as JSON.
// Usage: node read.mjs FOLDER_WITH_NODE_MODULES < feed.xml
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const Parser = createRequire(process.argv[2] + "/")("rss-parser");
const feed = await new Parser().parseString(await text(process.stdin));
console.log(JSON.stringify(feed));
