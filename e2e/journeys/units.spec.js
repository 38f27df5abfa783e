// Two communes become one by a decree that two persons enter. Figures of before answer by the units of that day, those reported stay
// as they are, and two persons undo it as if it had never been.
import { expect, test } from '@playwright/test'
import { someone } from '../people.js'
import { t } from '../words.js'

const events = '/ban-lam-viec/dia-ban/thay-doi'
const question = '/ban-lam-viec/so-lieu?chi-tieu=POP&hang=place&cot=period&ky=nay-2&dia-ban=20&tong=1'
const year = new Date().getFullYear() + 1
const merged = 'Hợp Nhất'

// figures are the rows of an answer: {code, name, text, n} of every place and of the total.
async function figures(page, address) {
  await page.goto(address)
  return page.getByRole('table').first().locator('tbody tr').evaluateAll((rows) => rows.map((row) => {
    const [name, value] = [row.querySelector('th'), row.querySelector('td')]
    const text = value.textContent.trim()
    return {
      code: name.querySelector('a')?.getAttribute('href').match(/(\d+)@/)?.[1], name: name.textContent.trim(), text,
      n: /^[\d.]+$/.test(text) ? Number(text.replaceAll('.', '')) : undefined,
    }
  }))
}

async function refused(page, path, form) {
  const answer = await page.request.post(path, { form, maxRedirects: 0 })
  expect([403, 409], `POST ${path}`).toContain(answer.status())
}

test('a merger is entered, counted with and undone by two persons', async ({ browser }) => {
  test.setTimeout(180_000)
  const statistician = await someone(browser, 'statistician')
  const leader = await someone(browser, 'province_leader')
  const then = `${question}&dia-gioi=${year}-01-01`
  const state = (page) => page.getByRole('main').locator('.head .st')
  let before, a, b, event

  await test.step('before it, two communes have their own figures', async () => {
    before = await figures(statistician, then);
    [a, b] = before.filter((row) => row.n && row.code && row.code !== '06325')
    expect(a && b, 'two communes with figures').toBeTruthy()
  })

  await test.step('a statistician enters it and looks at what would change', async () => {
    await statistician.goto(events)
    await statistician.getByRole('link', { name: t('place.event.enter') }).click()
    await statistician.getByLabel(t('place.event.kind.label')).selectOption('merge')
    await statistician.getByLabel(t('place.decision.number.label')).fill('01/NQ-MH')
    await statistician.getByLabel(t('place.decision.day.label')).fill(`1/1/${year - 1}`)
    await statistician.getByLabel(t('place.event.from.label')).fill(`1/1/${year}`)
    await statistician.getByLabel(t('place.event.new.code.aria', { N: 1 })).fill(a.code)
    await statistician.getByLabel(t('place.event.new.kind.aria', { N: 1 })).selectOption('xã')
    await statistician.getByLabel(t('place.event.new.name.aria', { N: 1 })).fill(merged)
    await statistician.getByLabel(t('place.event.old.aria', { N: 1 }), { exact: true }).fill(a.code)
    await statistician.getByLabel(t('place.event.old.aria', { N: 2 }), { exact: true }).fill('không có xã này')
    await statistician.getByRole('button', { name: t('place.event.preview') }).click()
    await expect(statistician.getByLabel(t('place.event.new.name.aria', { N: 1 }))).toHaveValue(merged) // nothing is lost by a mistake
    await expect(statistician.getByRole('alert').first()).toContainText('không có xã này')
    await statistician.getByLabel(t('place.event.old.aria', { N: 2 }), { exact: true }).fill(b.code)
    await statistician.getByRole('button', { name: t('place.event.preview') }).click()
    await expect(statistician.getByRole('table', { name: t('place.event.changes') })).toContainText(a.name)
    await expect(statistician.getByRole('table', { name: t('place.event.changes') })).toContainText(b.name)
    expect(await figures(statistician, then)).toEqual(before) // a look changes nothing
    await statistician.goBack()
    await statistician.getByRole('button', { name: t('place.event.save') }).click()
    await expect(state(statistician)).toHaveText(t('place.event.state.draft'))
    event = new URL(statistician.url()).pathname
  })

  await test.step('who entered it cannot confirm it; a leader does', async () => {
    await expect(statistician.getByRole('button', { name: t('place.confirm') })).toHaveCount(0)
    await refused(statistician, `${event}/quyet-dinh`, { decision: 'confirm' })
    expect(await figures(statistician, then)).toEqual(before)
    await leader.goto(event)
    await leader.getByRole('button', { name: t('place.confirm'), exact: true }).click()
    await expect(state(leader)).toHaveText(t('place.event.state.in_force'))
  })

  await test.step('by the units of that day their figures are one sum, and nothing else has changed', async () => {
    const now = await figures(statistician, then)
    const one = now.find((row) => row.name.includes(merged))
    expect(one.n).toBe(a.n + b.n)
    const rest = (rows) => rows.filter((row) => ![a.name, b.name, one.name].includes(row.name))
    expect(rest(now)).toEqual(rest(before))
    const reported = await figures(statistician, question)
    expect(reported.find((row) => row.name === a.name).n).toBe(a.n)
    expect(reported.some((row) => row.name.includes(merged))).toBe(false)
  })

  await test.step('the sum tells from which reports it comes', async () => {
    await statistician.goto(then)
    await statistician.getByRole('row').filter({ hasText: merged }).getByRole('link', { name: /^[\d.]+$/ }).click()
    for (const part of [a, b]) {
      await expect(statistician.getByRole('main')).toContainText(part.name)
      await expect(statistician.getByRole('main')).toContainText(part.text)
    }
  })

  await test.step('one asks to undo it, with a reason, and another does', async () => {
    await statistician.goto(event)
    await statistician.getByRole('button', { name: t('place.event.undo.ask') }).click()
    await expect(statistician.getByText(t('place.event.undo.reason')).first()).toBeVisible()
    await statistician.getByLabel(t('place.event.undo.reason.label')).fill('Nghị quyết ghi nhầm xã.')
    await statistician.getByRole('button', { name: t('place.event.undo.ask') }).click()
    await expect(statistician.getByRole('button', { name: t('place.event.undo.confirm'), exact: true })).toHaveCount(0)
    await refused(statistician, `${event}/hoan-tac/quyet-dinh`, { decision: 'confirm' })
    await leader.goto(event)
    await expect(leader.getByRole('main')).toContainText('Nghị quyết ghi nhầm xã.')
    await leader.getByRole('button', { name: t('place.event.undo.confirm'), exact: true }).click()
    await expect(state(leader)).toHaveText(t('place.event.state.undone'))
    expect(await figures(statistician, then)).toEqual(before)
  })
  for (const one of [statistician, leader]) await one.context().close()
})
