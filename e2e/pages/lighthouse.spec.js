// W5: Lighthouse as a phone sees the pages.
import { createServer } from 'node:net'
import { expect, test } from '@playwright/test'
import lighthouse from 'lighthouse'
import { chromium } from 'playwright-core'
import { chromium as settings } from '../playwright.config.js'

const bars = { accessibility: 100, 'best-practices': 100, seo: 100, performance: 95 }

// freePort is one that nobody listens on now.
function freePort() {
  return new Promise((found) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => found(port))
    })
  })
}

test('W5 Lighthouse', async ({ page }) => {
  test.setTimeout(420_000)
  await page.goto('/ban-tin')
  const article = await page.locator('main a[href^="/ban-tin/"]').first().getAttribute('href')
  const port = await freePort()
  const browser = await chromium.launch({ ...settings, args: [...settings.args, `--remote-debugging-port=${port}`] })
  for (const path of ['/', article, '/dan-toc/tay', '/dia-ban/06325', '/muc-tieu']) {
    await test.step(path, async () => {
      // Performance is a time, and a machine that others use is late now and then: the best of three looks counts.
      let lhr
      for (let look = 0; look < 3; look++) {
        ({ lhr } = await lighthouse(process.env.BANLANG_URL + path, { port, logLevel: 'error', onlyCategories: Object.keys(bars) }))
        if (Math.round(lhr.categories.performance.score * 100) >= bars.performance) break
      }
      for (const [category, bar] of Object.entries(bars)) {
        const missed = lhr.categories[category].auditRefs
          .filter((ref) => ref.weight > 0 && (lhr.audits[ref.id].score ?? 1) < 1)
          .map((ref) => `${ref.id}: ${lhr.audits[ref.id].title}`)
        expect.soft(Math.round(lhr.categories[category].score * 100), `${category} of ${path}\n${missed.join('\n')}`)
          .toBeGreaterThanOrEqual(bar)
      }
    })
  }
  await browser.close()
})
