// W3: what people come for, on a small phone, with script switched off.
import { expect, test } from '@playwright/test'

test.use({ javaScriptEnabled: false, viewport: { width: 320, height: 640 } })

test('taps a picture and comes to news that can be heard', async ({ page }) => {
  await page.goto('/')
  await page.locator('.tiles a.tile').first().click()
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await page.goto('/ban-tin')
  await page.locator('main a[href^="/ban-tin/"]').first().click()
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  const sound = await page.getByRole('link', { name: /Tải về máy/ }).first().getAttribute('href')
  const answer = await page.request.get(sound, { headers: { Range: 'bytes=0-99' } })
  expect(answer.status()).toBe(206)
  expect((await answer.body()).length).toBe(100)
})

test('chooses a language without an account, and it is remembered', async ({ page }) => {
  await page.goto('/')
  await page.locator('details.lang summary').click()
  await page.locator('details.lang').getByRole('button', { name: 'Tày', exact: true }).click()
  await expect(page.locator('details.lang summary')).toContainText('Tày')
  await page.goto('/ban-tin')
  await expect(page.locator('details.lang summary')).toContainText('Tày')
})

test('hears the name of each language before choosing', async ({ page }) => {
  await page.goto('/ngon-ngu')
  const names = page.locator('main a.hear, main audio source')
  expect(await names.count()).toBeGreaterThanOrEqual(6)
})

test('finds without marks, and a document by its number', async ({ page }) => {
  await page.goto('/')
  await page.goto('/tim')
  await page.getByRole('searchbox').fill('phong chay rung')
  await page.getByRole('main').getByRole('button', { name: 'Tìm' }).click()
  await expect(page.locator('main mark').first()).toBeVisible()
  await expect(page.getByRole('main')).toContainText(/cháy rừng/i)
  await page.goto('/tim?q=qwzxv')
  await expect(page.locator('main .empty')).toBeVisible()
})

test('reads a document and takes it home', async ({ page }) => {
  await page.goto('/thu-vien')
  await page.locator('main a[href^="/thu-vien/"]').first().click()
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await expect(page.getByRole('main').getByRole('link', { name: /Tải/ }).first()).toBeVisible()
})

test('looks up a group with both code lists, and downloads the table', async ({ page }) => {
  await page.goto('/dan-toc')
  await page.getByRole('main').getByRole('link', { name: 'Tày', exact: true }).first().click()
  await expect(page).toHaveURL(/\/dan-toc\/tay/)
  await expect(page.getByRole('main')).toContainText('1979')
  await expect(page.getByRole('main')).toContainText('2008')
  await page.goto('/dan-toc')
  const table = await page.locator('main a[href*="csv"]').first().getAttribute('href')
  const answer = await page.request.get(table)
  expect(answer.headers()['content-type']).toContain('text/csv')
  expect(await answer.text()).toContain('Sán Chay')
})

test('finds what became of an old commune', async ({ page }) => {
  await page.goto('/dia-ban?q=mai+pha')
  await expect(page.getByRole('main')).toContainText(/Mai Pha/)
  await page.goto('/tim?q=xa+mai+pha')
  await expect(page.getByRole('main')).toContainText(/Mai Pha/)
})

test('sees a target with what is missing to judge it', async ({ page }) => {
  await page.goto('/muc-tieu')
  await expect(page.getByRole('main')).toContainText('Chưa đủ thông tin')
  await expect(page.getByRole('main')).not.toContainText(/(^|\D)0\s?%\s*(đạt|$)/)
  await page.locator('main a[href^="/muc-tieu/"]').first().click()
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
})

test('reads who answers for the page and how data are kept', async ({ page }) => {
  for (const path of ['/gioi-thieu', '/rieng-tu']) {
    await page.goto(path)
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  }
})

test('is told the way on where nothing is', async ({ page }) => {
  const answer = await page.goto('/ban-tin/khong-co-tin-nay')
  expect(answer.status()).toBe(404)
  await expect(page.getByRole('main').getByRole('link').first()).toBeVisible()
})
