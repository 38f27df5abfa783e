// W1 and W2: what the four pages weigh before the load event, and when they can be used on a slow line.
// W7: the tiles of home.
import { expect, test } from '@playwright/test'

// article is the first bulletin that home leads to.
async function article(page) {
  await page.goto('/ban-tin')
  return page.locator('main a[href^="/ban-tin/"]').first().getAttribute('href')
}

const pages = [
  { name: 'home', address: async () => '/', bytes: 10_000, requests: 2, seconds: 3 },
  { name: 'article', address: article, bytes: 10_000, requests: 2, seconds: 5 },
  { name: 'search', address: async () => '/tim?q=phong+chay+rung', bytes: 9_000, requests: 2 },
  { name: 'figures', address: async () => '/so-lieu', bytes: 14_000, requests: 2 },
  { name: 'a data set', address: async () => '/so-lieu/dan-so-dan-toc-2019', bytes: 14_000, requests: 2 },
  { name: 'a map of communes', address: async () => '/so-lieu/dan-so-xa-minh-hoa?hang=place&cot=khong&group=dao', bytes: 20_000, requests: 2 },
  { name: 'targets', address: async () => '/muc-tieu', bytes: 14_000, requests: 2 },
]

test.use({ viewport: { width: 320, height: 640 } })

for (const { name, address, bytes, requests, seconds } of pages) {
  test(`W1 weight of ${name}`, async ({ page }) => {
    await page.goto(await address(page))
    const got = await page.evaluate(() => {
      const [document] = performance.getEntriesByType('navigation')
      const first = performance.getEntriesByType('resource').filter((r) => r.startTime < document.loadEventStart)
      const all = [document, ...first]
      return {
        bytes: all.reduce((sum, entry) => sum + entry.encodedBodySize, 0),
        requests: all.length,
        names: all.map((entry) => `${entry.name} ${entry.encodedBodySize}`),
      }
    })
    test.info().annotations.push({ type: 'W1', description: JSON.stringify({ name, bytes: got.bytes, requests: got.requests }) })
    expect(got.bytes, got.names.join('\n')).toBeLessThanOrEqual(bytes)
    expect(got.requests, got.names.join('\n')).toBeLessThanOrEqual(requests)
  })

  if (!seconds) continue
  test(`W2 ${name} at 50 kbit/s and 300 ms`, async ({ browser, page }) => {
    const path = await address(page)
    const slow = await browser.newContext({ baseURL: process.env.BANLANG_URL, viewport: { width: 320, height: 640 } })
    const visitor = await slow.newPage()
    const line = await slow.newCDPSession(visitor)
    await line.send('Network.enable')
    await line.send('Network.emulateNetworkConditions', {
      offline: false, latency: 300, downloadThroughput: 50_000 / 8, uploadThroughput: 50_000 / 8,
    })
    const start = Date.now()
    await visitor.goto(path, { waitUntil: 'domcontentloaded' })
    await expect(visitor.getByRole('heading', { level: 1 })).toBeVisible()
    const took = (Date.now() - start) / 1000
    test.info().annotations.push({ type: 'W2', description: JSON.stringify({ name, seconds: took }) })
    expect(took).toBeLessThanOrEqual(seconds)
    await slow.close()
  })
}

test('W7 a tile is a picture, at most three words and a sound, and wide enough for a thumb', async ({ page }) => {
  for (const width of [240, 320]) {
    await page.setViewportSize({ width, height: 640 })
    await page.goto('/')
    const tiles = page.locator('.tiles > li')
    expect(await tiles.count()).toBeGreaterThanOrEqual(6)
    for (const tile of await tiles.all()) {
      const link = tile.locator('a.tile')
      const words = (await link.innerText()).trim()
      await expect(link.locator('svg'), words).toHaveCount(1)
      expect(words.split(/\s+/).length, words).toBeLessThanOrEqual(3)
      const hear = tile.locator('a.hear')
      const sound = await page.request.get(await hear.getAttribute('href'))
      expect(sound.headers()['content-type'], words).toMatch(/^audio\//)
    }
    const small = await page.evaluate(() => [...document.querySelectorAll('a, button, summary, input')]
      .filter((e) => e.checkVisibility())
      .map((e) => [e.textContent.trim(), e.getBoundingClientRect()])
      .filter(([, box]) => box.width > 1 && box.height > 1 && (box.width < 48 || box.height < 48))
      .map(([text, box]) => `${text} ${Math.round(box.width)} x ${Math.round(box.height)}`))
    expect(small, `targets under 48 px at ${width} px`).toEqual([])
  }
})
