// Pictures of every page at 320 and 1280 px in report/shots, and the two of the README in doc/.
import { test } from '@playwright/test'
import { everyPage, visit } from '../site.js'

test('pictures of every page', async ({ browser }) => {
  test.setTimeout(900_000)
  const pages = await everyPage(browser)
  for (const width of [320, 1280]) {
    await visit(browser, pages, { viewport: { width, height: width === 320 ? 640 : 800 } }, async (page, { who, path }) => {
      const name = `${who} ${path}`.replace(/[^\w.-]+/g, '_').replace(/^_+|_+$/g, '') || 'home'
      await page.screenshot({ path: `report/shots/${name}-${width}.png`, fullPage: true })
    })
  }
})

test('pictures of the README', async ({ page }) => {
  for (const [width, height] of [[320, 640], [1280, 800]]) {
    await page.setViewportSize({ width, height })
    await page.goto('/')
    await page.screenshot({ path: `../doc/home-${width}.png` })
  }
})
