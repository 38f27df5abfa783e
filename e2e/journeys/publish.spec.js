// The main job from end to end: four people make a bulletin, a reader on a small phone without script finds and hears it, and it
// is recalled. Nobody can do another's part.
import { expect, test } from '@playwright/test'
import { address, someone } from '../people.js'
import { tone } from '../wav.js'
import { t } from '../words.js'

const title = 'Phòng cháy rừng trước mùa nương rẫy'
const body = [
  'Trời hanh, gió to, lửa lan rất nhanh.',
  'Bà con làm đường băng rộng 10 mét trước khi đốt nương.',
  'Thấy cháy, gọi ngay 114 và báo trưởng thôn.',
].join('\n')
const desk = '/ban-lam-viec/ban-tin'

// refused tries a part that is not this person's, past the page: the server must say no.
async function refused(page, path, form) {
  const answer = await page.request.post(path, { form, maxRedirects: 0 })
  expect([403, 409, 422], `POST ${path}`).toContain(answer.status())
}

test('a bulletin from four people to a reader, and back', async ({ browser }) => {
  test.setTimeout(180_000)
  const editor = await someone(browser, 'editor')
  let id

  await test.step('an editor writes it and asks for its Tày edition', async () => {
    await editor.goto(desk)
    await editor.getByRole('main').getByRole('link', { name: t('bulletin.write.title') }).click()
    await editor.getByLabel(t('bulletin.field.title'), { exact: true }).fill(title)
    await editor.getByLabel(t('bulletin.field.body'), { exact: true }).fill(body)
    await editor.getByLabel(t('bulletin.field.topic'), { exact: true }).selectOption('forest')
    await editor.getByLabel('Tày', { exact: true }).check()
    await editor.getByRole('button', { name: t('bulletin.do.send') }).click()
    await expect(editor.getByRole('heading', { level: 1 })).toHaveText(title)
    id = new URL(editor.url()).pathname.split('/').pop()
  })

  await test.step('who wrote it cannot approve it', async () => {
    await expect(editor.getByRole('button', { name: t('bulletin.do.approve') })).toHaveCount(0)
    await refused(editor, `${desk}/${id}/duyet`, { revision: 1 })
    await refused(editor, `${desk}/${id}/tieng/tyz/duyet`, { revision: 1, do: 'good' })
  })

  const speaker = await someone(browser, 'speaker')
  await test.step('a speaker records it in Tày', async () => {
    await speaker.goto(`${desk}/${id}/tieng/tyz`)
    await speaker.getByLabel(t('bulletin.record.file')).setInputFiles({ name: 'minh-hoa.wav', mimeType: 'audio/wav', buffer: tone(3) })
    await speaker.getByLabel(t('bulletin.record.voice')).fill('Minh hoạ')
    await speaker.getByLabel(t('bulletin.record.consent')).check()
    await speaker.getByRole('button', { name: t('bulletin.do.record') }).click()
    await expect(async () => { // it is made ready in the background
      await speaker.reload()
      await expect(speaker.locator('main figure.sound')).toHaveCount(1, { timeout: 500 })
    }).toPass({ timeout: 30_000 })
  })

  await test.step('who recorded it reviews nothing of it', async () => {
    await expect(speaker.getByRole('button', { name: t('bulletin.do.good') })).toHaveCount(0)
    await refused(speaker, `${desk}/${id}/tieng/tyz/duyet`, { revision: 2, do: 'good' })
    await refused(speaker, `${desk}/${id}/duyet`, { revision: 2 })
  })

  const reviewer = await someone(browser, 'reviewer')
  await test.step('a reviewer hears it and says it is right', async () => {
    await reviewer.goto(`${desk}/${id}/tieng/tyz`)
    await reviewer.getByRole('button', { name: t('bulletin.do.good') }).click()
    await expect(reviewer.getByRole('heading', { level: 1 })).toHaveText(title)
    await expect(reviewer.getByRole('button', { name: t('bulletin.do.approve') })).toHaveCount(0)
    await refused(reviewer, `${desk}/${id}/duyet`, { revision: 3 })
    await refused(reviewer, `${desk}/viet`, { title: 'x', body: 'y' })
  })

  // The machine reading of the Vietnamese text is made by now or not at all; who speaks Vietnamese reviews it as any other.
  await test.step('the machine reading waits for no one, or is reviewed', async () => {
    await reviewer.goto(`${desk}/${id}/tieng/vi`)
    const good = reviewer.getByRole('button', { name: t('bulletin.do.good') })
    if (await good.count()) await good.click()
  })

  const leader = await someone(browser, 'province_leader')
  await test.step('a leader approves it', async () => {
    await leader.goto(`${desk}/${id}`)
    await leader.getByRole('button', { name: t('bulletin.do.approve') }).click()
    await expect(leader.getByRole('status').filter({ hasText: t('bulletin.done.approve') })).toBeVisible()
    await refused(leader, `${desk}/viet`, { title: 'x', body: 'y' })
  })

  const phone = await browser.newContext({
    baseURL: process.env.BANLANG_URL, javaScriptEnabled: false, viewport: { width: 320, height: 640 }, locale: 'vi-VN', extraHTTPHeaders: address(),
  })
  const reader = await phone.newPage()
  await test.step('a reader finds it without marks, and hears it in Tày', async () => {
    await reader.goto('/tim')
    await reader.getByRole('searchbox').fill('phong chay rung')
    await reader.getByRole('main').getByRole('button', { name: t('app.search') }).click()
    await reader.getByRole('main').getByRole('link', { name: title }).first().click()
    await expect(reader.getByRole('heading', { level: 1 })).toHaveText(title)
    await reader.getByRole('navigation', { name: t('bulletin.tabs') }).getByRole('link', { name: /^Tày/ }).click()
    await expect(reader.getByRole('main')).toContainText(t('bulletin.only_sound', { Lang: 'Tày' }))
    const source = reader.locator('main audio source').last()
    const sound = await reader.request.get(await source.getAttribute('src'), { headers: { Range: 'bytes=0-9' } })
    expect(sound.status()).toBe(206)
    await expect(reader.getByRole('heading', { name: t('bulletin.elsewhere') })).toBeVisible()
  })

  const feed = async () => (await phone.request.get('/ban-tin/nguon.xml')).text()
  const found = async () => (await phone.request.get('/api/v1/search?q=phong+chay+rung')).text()
  await test.step('it is told in the feed and the API too', async () => {
    expect(await feed()).toContain(title)
    expect(await found()).toContain(id)
    expect((await phone.request.get(`/api/v1/bulletins/${id}`)).status()).toBe(200)
  })

  await test.step('it is recalled, and gone from everywhere at once', async () => {
    await leader.goto(`${desk}/${id}`)
    await leader.getByLabel(t('bulletin.recall.reason')).fill('Ngày đốt nương đã đổi, có bản tin mới.')
    await leader.getByRole('button', { name: t('bulletin.do.recall') }).click()
    await expect(leader.getByRole('status').filter({ hasText: t('bulletin.done.recall') })).toBeVisible()
    expect((await reader.goto(`/ban-tin/${id}`)).status()).toBe(410)
    await expect(reader.getByRole('main').getByRole('link').first()).toBeVisible()
    await reader.goto('/tim?q=phong+chay+rung')
    await expect(reader.getByRole('main').getByRole('link', { name: title })).toHaveCount(0)
    await reader.goto('/ban-tin')
    await expect(reader.getByRole('main').getByRole('link', { name: title })).toHaveCount(0)
    expect(await feed()).not.toContain(title)
    expect(await found()).not.toContain(id)
    expect((await phone.request.get(`/api/v1/bulletins/${id}`)).status()).toBe(410)
  })

  await test.step('the record says who did what', async () => {
    await leader.goto(`${desk}/${id}`)
    const history = leader.getByRole('table').filter({ hasText: t('bulletin.history.who') })
    for (const act of ['write', 'record', 'review_language', 'approve', 'recall']) {
      await expect(history).toContainText(t(`duty.act.bulletin.${act}`))
    }
  })
  for (const one of [editor, speaker, reviewer, leader, reader]) await one.context().close()
})
