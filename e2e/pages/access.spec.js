// W4: axe (WCAG 2.2 AA), no sideways scroll, letters at 200%, and valid HTML, on every page of the site and the desk.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect, test } from '@playwright/test'
import { HtmlValidate } from 'html-validate'
import { everyPage, visit } from '../site.js'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const widths = [240, 320, 360, 1280]

let pages
test.beforeAll(async ({ browser }) => {
  test.setTimeout(180_000)
  pages = await everyPage(browser)
})

// faults are what axe has against the page, one line each.
async function faults(page) {
  await page.evaluate(axe)
  const found = await page.evaluate((runOnly) => window.axe.run(document, { runOnly }), rules)
  return found.violations.map((v) => `${v.id}: ${v.nodes.length} x ${v.nodes[0].html.slice(0, 160)}`)
}

// sideways lists what stands out of a page that is wider than its window.
function sideways(page) {
  return page.evaluate(() => {
    if (document.documentElement.scrollWidth <= innerWidth) return []
    const out = [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
    return out.slice(0, 4).map((e) => `${e.tagName}.${e.className}`).concat('scrolls sideways')
  })
}

for (const scheme of ['light', 'dark']) {
  test(`axe and scroll, ${scheme}`, async ({ browser }) => {
    test.setTimeout(900_000)
    await visit(browser, pages, { colorScheme: scheme }, async (page, entry) => {
      for (const width of widths) {
        await page.setViewportSize({ width, height: 640 })
        const where = `${entry.who || 'reader'} ${entry.path} at ${width} px, ${scheme}`
        expect.soft(await sideways(page), where).toEqual([])
        expect.soft(await faults(page), where).toEqual([])
      }
    })
  })
}

test('letters at 200%', async ({ browser }) => {
  test.setTimeout(600_000)
  await visit(browser, pages, {}, async (page, entry) => {
    await page.addStyleTag({ content: 'html{font-size:200%}' })
    for (const width of widths.slice(1)) {
      await page.setViewportSize({ width, height: 640 })
      expect.soft(await sideways(page), `${entry.who || 'reader'} ${entry.path} at ${width} px`).toEqual([])
    }
  })
})

test('valid HTML', async () => {
  const checker = new HtmlValidate({ extends: ['html-validate:standard', 'html-validate:a11y'] })
  for (const { who, path, html } of pages) {
    const report = await checker.validateString(html)
    const errors = report.results.flatMap((r) => r.messages).map((m) => `${m.line}:${m.column} ${m.ruleId}: ${m.message}`)
    expect.soft(errors, `${who || 'reader'} ${path}`).toEqual([])
  }
})

test('every link of a page leads somewhere', async () => {
  const dead = pages.filter((page) => page.status >= 400).map((page) => `${page.who || 'reader'} ${page.path}: ${page.status}`)
  expect(dead).toEqual([])
  expect(pages.filter((page) => page.who === '').length).toBeGreaterThan(12)
  expect(pages.filter((page) => page.who !== '').length).toBeGreaterThan(15)
})
