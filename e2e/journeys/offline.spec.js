// A form on a phone where there is no network: taken along, filled in, sent later. The phone says of every cell what the server says;
// what somebody else changed meanwhile is never overwritten in silence; signing out leaves nothing on the phone.
import { expect, test } from '@playwright/test'
import { someone } from '../people.js'
import { t } from '../words.js'

const forms = '/ban-lam-viec/bieu'
const shell = '/ngoai-mang/bieu'
const kept = 'banlang.form' // the database and the cache on the phone
const village = (n, cell) => `demo-06325-${n}.${cell}`
const cell = (page, id) => page.locator(`[data-cell="${id}"]`)

// verdicts is what a page says of the form: of every row, and of single cells in order.
const verdicts = (page) => page.evaluate(() => {
  const text = (e) => e.textContent.trim().replace(/\s+/g, ' ')
  const rows = [...document.querySelectorAll('[data-row]')].map((row) => `${text(row.querySelector('th'))}: ${text(row.querySelector('[data-check]'))}`)
  const cells = [...document.querySelectorAll('form .flash li')].map((li) => {
    const said = li.cloneNode(true)
    for (const field of said.querySelectorAll('.field')) field.remove() // where a page asks for the reason beside it
    return text(said)
  })
  const sums = [...document.querySelectorAll('[data-sum]')].map(text)
  return { rows, cells, sums }
})

test('a form goes along to where there is no network, and comes back', async ({ browser }) => {
  test.setTimeout(180_000)
  const phone = await someone(browser, 'commune_officer', { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true })
  const device = phone.context()
  let report

  await test.step('an officer takes it along', async () => {
    await phone.goto(forms)
    await phone.getByRole('row').filter({ hasText: 'BM04.' }).filter({ hasText: t('report.state.open') }).getByRole('link').first().click()
    report = new URL(phone.url()).pathname
    await phone.getByRole('button', { name: t('form.page.carry') }).click()
    await expect(phone.getByRole('status').filter({ hasText: t('form.page.carried') })).toBeVisible()
  })

  await test.step('without a network the page is there, with the figures', async () => {
    await device.setOffline(true)
    await phone.goto(shell)
    await expect(cell(phone, village(1, 'hhelec'))).toHaveValue('102')
    await expect(phone.getByRole('heading', { level: 2 }).first()).toContainText('BM04.')
    expect(await phone.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  })

  await test.step('figures are entered and judged at once', async () => {
    await cell(phone, village(3, 'hhwater')).fill('abc')
    await cell(phone, village(1, 'hhelec')).fill('1.000.000') // more than the commune has
    await cell(phone, village(1, 'hhwater')).fill('99')
    await cell(phone, village(3, 'house')).selectOption('1')
    await expect(cell(phone, village(3, 'hhwater'))).toHaveAttribute('aria-invalid', 'true')
    await cell(phone, village(3, 'hhwater')).fill('chưa biết')
    await expect(cell(phone, village(3, 'hhwater'))).not.toHaveAttribute('aria-invalid', 'true')
    await expect(phone.locator('[data-sum="T.house"]')).toHaveText('3')
    await expect(phone.locator('[data-sum="T.hhwater"]')).toHaveText(t('form.page.unknown'))
  })

  let offline
  await test.step('they are still there after the page is loaded again', async () => {
    await expect(phone.getByRole('status')).toContainText(/chưa gửi/)
    offline = await verdicts(phone)
    await phone.reload()
    await expect(cell(phone, village(1, 'hhelec'))).toHaveValue('1.000.000')
    expect(await verdicts(phone)).toEqual(offline)
  })

  const desk = await someone(browser, 'commune_officer')
  await test.step('somebody else changes two of the cells meanwhile', async () => {
    await desk.goto(report)
    await cell(desk, village(1, 'hhwater')).fill('88')
    await cell(desk, village(3, 'house')).selectOption({ label: t('report.unknown') })
    await desk.getByRole('button', { name: t('report.save') }).click()
    await expect(desk.getByRole('status').filter({ hasText: /Đã lưu/ }).first()).toBeVisible()
  })

  await test.step('with a network again they are sent by themselves, and the conflicts are shown by cell', async () => {
    await device.setOffline(false)
    const water = phone.getByRole('listitem').filter({ hasText: '“88”' })
    await expect(water).toContainText('Thôn minh hoạ 1')
    await expect(cell(phone, village(1, 'hhwater'))).toHaveValue('99') // one's own stays in sight
    await water.getByRole('button', { name: t('form.page.keep') }).click()
    const house = phone.getByRole('listitem').filter({ has: phone.getByRole('button', { name: t('form.page.take') }) })
    await expect(house).toContainText('Thôn minh hoạ 3')
    await house.getByRole('button', { name: t('form.page.take') }).click()
    await expect(cell(phone, village(3, 'house'))).not.toHaveValue('1')
    await phone.getByRole('button', { name: t('form.page.send') }).click()
    await expect(phone.getByRole('status')).toContainText('Đã gửi')
  })

  await test.step('the server says of every cell what the phone said', async () => {
    const plain = await someone(browser, 'commune_officer', { javaScriptEnabled: false })
    await plain.goto(report)
    await expect(cell(plain, village(1, 'hhwater'))).toHaveValue('99')
    await expect(cell(plain, village(1, 'hhelec'))).toHaveValue('1.000.000')
    expect(await verdicts(plain)).toEqual(await verdicts(phone))
    await plain.context().close()
  })

  await test.step('signing out leaves nothing on the phone', async () => {
    await phone.goto('/ban-lam-viec')
    await phone.getByRole('button', { name: t('app.signout') }).click()
    await expect(phone).not.toHaveURL(/ban-lam-viec/)
    const left = () => phone.evaluate(async () => [...await caches.keys(), ...(await indexedDB.databases()).map((d) => d.name)])
    await expect.poll(left).not.toContain(kept)
  })
  for (const one of [phone, desk]) await one.context().close()
})
