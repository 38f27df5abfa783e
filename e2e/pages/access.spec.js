// W4: axe (WCAG 2.2 AA), no sideways scroll, letters at 200%, and valid HTML, on every page of the site and the desk.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { chromium, expect, test } from '@playwright/test'
import { HtmlValidate } from 'html-validate'
import { chromium as settings } from '../playwright.config.js'
import { everyPage, visit } from '../site.js'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const rules = {
  light: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  dark: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] }, // what colours alone can break
}
const widths = [240, 320, 360, 1280]

test.describe.configure({ mode: 'parallel' })

let pages
test.beforeAll(async ({ browser }) => {
  test.setTimeout(180_000)
  pages = await everyPage(browser)
})

// faults are what axe has against the page, one line each.
async function faults(page, runOnly) {
  await page.evaluate(axe)
  const found = await page.evaluate((only) => window.axe.run(document, { runOnly: only, resultTypes: ['violations'] }), runOnly)
  return found.violations.map((v) => `${v.id}: ${v.nodes.length} x ${v.nodes[0].html.slice(0, 160)}`)
}

// sideways names what makes a page wider than its window: what stands out and holds nothing that does.
function sideways(page) {
  return page.evaluate(() => {
    const wide = document.documentElement.scrollWidth - innerWidth
    if (wide <= 0) return []
    const out = [...document.querySelectorAll('body *')]
      .filter((e) => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1)
    const ends = out.filter((e) => !out.some((other) => other !== e && e.contains(other)))
    return [`${wide} px too wide`, ...ends.slice(0, 4).map((e) => e.outerHTML.slice(0, 120))]
  })
}

for (const scheme of Object.keys(rules)) {
  test(`axe and scroll, ${scheme}`, async ({ browser }) => {
    test.setTimeout(900_000)
    await visit(browser, pages, { colorScheme: scheme }, async (page, entry) => {
      for (const width of widths) {
        await page.setViewportSize({ width, height: 640 })
        const where = `${entry.who || 'reader'} ${entry.path} at ${width} px, ${scheme}`
        expect.soft(await sideways(page), where).toEqual([])
        expect.soft(await faults(page, rules[scheme]), where).toEqual([])
      }
    })
  })
}

test('letters at 200%', async () => {
  test.setTimeout(600_000)
  // As a person sets it in the browser, so that widths in em know.
  const browser = await chromium.launch({ ...settings, args: [...settings.args, '--blink-settings=defaultFontSize=32'] })
  await visit(browser, pages, {}, async (page, entry) => {
    for (const width of widths.slice(1)) {
      await page.setViewportSize({ width, height: 640 })
      expect.soft(await sideways(page), `${entry.who || 'reader'} ${entry.path} at ${width} px`).toEqual([])
    }
  })
  await browser.close()
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
