// The words of the interface, from the same tables as the program has them: a test names a button by its key,
// and finds it by what a person reads on it.
import { readFileSync, readdirSync } from 'node:fs'

const folder = new URL('../internal/i18n/message/', import.meta.url).pathname
const words = new Map()
for (const name of readdirSync(folder).filter((file) => file.endsWith('.csv'))) {
  for (const [key, vietnamese] of table(readFileSync(folder + name, 'utf8'))) words.set(key, vietnamese)
}

// t is the Vietnamese text of the key, with the values put in.
export function t(key, values = {}) {
  const text = words.get(key)
  if (text === undefined) throw new Error(`no message ${key}`)
  return text.replace(/{{\s*\.(\w+)\s*}}/g, (_, name) => values[name] ?? '')
}

// table reads CSV: rows of cells, quoted where they must be.
function table(text) {
  const rows = []
  for (const [, ...cells] of text.matchAll(/^("(?:[^"]|"")*"|[^,\n]*),("(?:[^"]|"")*"|[^,\n]*)/gm)) {
    rows.push(cells.map((cell) => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)))
  }
  return rows
}
