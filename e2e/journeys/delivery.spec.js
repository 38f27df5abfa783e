// A flood warning at night: two signatures, and it goes to each telephone in what its owner reads, which the ledger counts; a person
// says that they understood, another stops with one word; it is recalled wherever it went.
import { expect, test } from '@playwright/test'
import { centre } from '../centre.js'
import { accounts, address, someone } from '../people.js'
import { tone } from '../wav.js'
import { t } from '../words.js'

const title = 'Nước suối Bắc Khê lên nhanh'
const why = 'Nước lên nhanh trong đêm, phải báo ngay.'
const desk = '/ban-lam-viec'
const mine = '84912345678'

// soon tries until it holds: what is sent is sent in the background.
const soon = (look) => expect(look).toPass({ timeout: 30_000 })

test('a flood warning goes to every phone, is understood, stopped and recalled', async ({ browser }) => {
  test.setTimeout(240_000)
  const sms = await centre()
  const enter = async (name) => {
    const page = await someone(browser, name)
    page.setDefaultTimeout(15_000)
    return page
  }
  try {
    const admin = await enter('admin')
    await test.step('the administrator connects a centre to rehearse with, and turns the built-in one off', async () => {
      await admin.goto(`${desk}/kenh/smpp`)
      await admin.getByLabel(t('delivery.col.name'), { exact: true }).fill('Máy giả')
      await admin.getByLabel(t('delivery.mode.rehearsal')).check()
      await admin.getByLabel(t('delivery.field.host'), { exact: true }).fill('127.0.0.1')
      await admin.getByLabel(t('delivery.field.port'), { exact: true }).fill(String(sms.port))
      await admin.getByLabel(t('delivery.field.system_id'), { exact: true }).fill('banlang')
      await admin.getByLabel(t('delivery.field.password'), { exact: true }).fill('secret')
      await admin.getByLabel(t('delivery.field.sender'), { exact: true }).fill('BANLANG')
      await admin.getByLabel(t('delivery.field.inner')).check()
      await admin.getByLabel(t('delivery.campaign.why')).fill('Nối máy giả để diễn tập')
      await admin.getByRole('button', { name: t('delivery.channel.save') }).click()
      await expect(admin.getByRole('link', { name: 'Máy giả' })).toBeVisible()
      await admin.getByRole('link', { name: t('delivery.connector.rehearsal-sms') }).first().click()
      await admin.getByLabel(t('delivery.mode.off')).check()
      await admin.getByLabel(t('delivery.campaign.why')).fill('Đã có máy giả khác')
      await admin.getByRole('button', { name: t('delivery.channel.save') }).click()
      await soon(async () => {
        await admin.goto(`${desk}/kenh`)
        await expect(admin.getByRole('row', { name: /Máy giả/ })).toContainText(t('delivery.health.up'), { timeout: 500 })
      })
      await admin.getByRole('link', { name: 'Máy giả' }).click()
      await expect(admin.getByLabel(t('delivery.field.password'), { exact: true })).toHaveValue('') // never shown again
    })

    const phone = await browser.newContext({
      baseURL: process.env.BANLANG_URL, javaScriptEnabled: false, viewport: { width: 320, height: 640 }, locale: 'vi-VN', extraHTTPHeaders: address(),
    })
    const reader = await phone.newPage()
    reader.setDefaultTimeout(15_000)
    await test.step('a person asks for news, with a code that comes to the phone', async () => {
      await reader.goto('/dang-ky')
      await reader.locator('[name=address]').fill('0912 345 678')
      await reader.locator('select').first().selectOption({ label: 'xã Bắc Sơn' })
      await reader.locator('[type=checkbox][name=agreed]').check()
      await reader.getByRole('main').getByRole('button', { name: t('subscriber.do') }).click()
      await soon(async () => expect(sms.got(mine).join()).toMatch(/\d{6}/))
      await reader.locator('[name=code]').fill(sms.got(mine).join().match(/\d{6}/)[0])
      await reader.getByRole('main').getByRole('button').last().click()
      await expect(reader.getByRole('main')).toContainText('THOI')
    })

    const officer = await enter('commune_officer')
    let id
    await test.step('the officer of the commune writes the warning, with a recording in Tày', async () => {
      await officer.goto(`${desk}/ban-tin/viet`)
      await officer.getByLabel(t('bulletin.field.title'), { exact: true }).fill(title)
      await officer.getByLabel(t('bulletin.field.body'), { exact: true }).fill('Bà con ven suối đi ngay lên nhà văn hoá. Không quay lại lấy đồ.')
      await officer.getByLabel(t('bulletin.field.topic'), { exact: true }).selectOption('disaster')
      await officer.getByLabel(t('bulletin.class.emergency'), { exact: true }).check()
      await officer.getByLabel(t('bulletin.field.expires'), { exact: true }).fill('2099-01-01T00:00')
      await officer.getByLabel('Tày', { exact: true }).check()
      await officer.getByRole('button', { name: t('bulletin.do.save') }).click()
      await expect(officer.getByRole('heading', { level: 1 })).toHaveText(title)
      id = new URL(officer.url()).pathname.split('/').pop()
      const speaker = await enter('speaker')
      await speaker.goto(`${desk}/ban-tin/${id}/tieng/tyz`)
      await speaker.getByLabel(t('bulletin.record.file')).setInputFiles({ name: 'minh-hoa.wav', mimeType: 'audio/wav', buffer: tone(3) })
      await speaker.getByLabel(t('bulletin.record.voice')).fill('Minh hoạ')
      await speaker.getByLabel(t('bulletin.record.consent')).check()
      await speaker.getByRole('button', { name: t('bulletin.do.record') }).click()
      await soon(async () => {
        await speaker.reload()
        await expect(speaker.locator('main figure.sound')).toHaveCount(1, { timeout: 500 })
      })
      const reviewer = await enter('reviewer')
      await reviewer.goto(`${desk}/ban-tin/${id}/tieng/tyz`)
      await reviewer.getByRole('button', { name: t('bulletin.do.good') }).click()
      await expect(reviewer.getByRole('heading', { level: 1 })).toHaveText(title)
    })

    let station, alarm
    const cutsIn = async () => (await (await phone.request.get(`/loa/${station}/lich`)).json()).emergency?.version
    await test.step('the loudspeaker of the commune has a key of its own', async () => {
      await officer.goto(`${desk}/loa`)
      await officer.getByLabel(t('loudspeaker.name'), { exact: true }).fill('Loa xã Bắc Sơn')
      await officer.getByLabel(t('loudspeaker.langs.place', { N: 1 }), { exact: true }).selectOption('vi')
      await officer.getByLabel(t('loudspeaker.langs.place', { N: 2 }), { exact: true }).selectOption('tyz')
      await officer.getByRole('main').getByRole('button', { name: t('loudspeaker.add') }).click()
      await officer.goto(`${desk}/loa`)
      await officer.getByRole('link', { name: 'Loa xã Bắc Sơn' }).click()
      await officer.getByRole('button', { name: t('loudspeaker.key.make') }).click()
      station = (await officer.locator('section.flash code').innerText()).replace(/\/$/, '').split('/').pop()
      await soon(async () => { alarm = await cutsIn(); expect(alarm).toBeTruthy() }) // the demonstration has one already
    })

    const leader = await enter('commune_leader')
    await test.step('one signature sends nothing, the second sends it at once', async () => {
      for (const person of [officer, leader]) {
        await person.goto(`${desk}/tai-khoan/xac-nhan?tiep=${desk}/ban-tin/${id}`)
        await person.locator('main [name=secret]').fill(accounts().get(person === officer ? 'commune_officer' : 'commune_leader'))
        await person.locator('main button[type=submit]').first().click()
        await expect(person.getByRole('heading', { level: 1 })).toHaveText(title)
        await person.getByLabel(t('bulletin.reason'), { exact: true }).fill(why)
        await person.getByRole('button', { name: person === officer ? t('bulletin.do.sign_first') : t('bulletin.do.sign_second') }).click()
        if (person === officer) {
          await expect(person.getByRole('status').first()).toBeVisible()
          expect(sms.numbers()).toEqual([mine])
        }
      }
      const start = Date.now()
      await soon(async () => expect(sms.got(mine).join('\n')).toContain(title))
      test.info().annotations.push({ type: 'from signature to phone', description: `${Date.now() - start} ms` })
      await soon(async () => expect(sms.numbers().length).toBe(49)) // 48 of the demonstration and this one
      for (const number of sms.numbers()) expect(sms.got(number).at(-1), number).toMatch(/^Minh hoạ: /) // it says so itself
    })

    await test.step('who hears Tày and reads Vietnamese gets Vietnamese words that say where to hear it', async () => {
      const texts = sms.numbers().map((n) => sms.got(n).at(-1))
      expect(texts.filter((text) => text.includes('Tày')).length).toBeGreaterThan(0)
      expect(texts.every((text) => /\/n\/\w{30}/.test(text))).toBe(true)
    })

    await test.step('the alert is told to other systems, and cuts in on the loudspeaker', async () => {
      expect(await (await phone.request.get('/cap.xml')).text()).toContain(id)
      const alert = await (await phone.request.get(`/cap/${id}.xml`)).text()
      expect(alert).toContain('<status>Test</status>') // of a demonstration, and it says so
      expect(alert).toContain(title)
      expect(alert).toContain('<language>tyz</language>')
      await soon(async () => {
        expect(await cutsIn()).not.toBe(alarm)
        expect((await phone.request.get(`/loa/${station}/khan.mp3`)).headers()['content-type']).toBe('audio/mpeg')
      })
    })

    let campaign
    await test.step('the campaign counts what arrived, in no way by person', async () => {
      await officer.goto(`${desk}/gui`)
      await officer.getByRole('main').getByRole('link', { name: new RegExp(title) }).first().click()
      campaign = officer.url()
      await soon(async () => {
        await officer.reload()
        await expect(officer.getByRole('row', { name: new RegExp(`^${t('delivery.state.delivered')}`) })).toContainText(/5[0-9]|49/, { timeout: 500 })
      })
      const page = await officer.content()
      for (const number of [mine, '0912345678', '0912 345 678']) expect(page).not.toContain(number)
      await expect(officer.getByRole('main')).toContainText(t('delivery.not_person'))
      const record = await (await officer.request.get(`${campaign}/nhat-ky.csv`)).text()
      expect(record).toContain('delivered')
      expect(record).not.toContain('912345678')
    })

    await test.step('the person opens the message without script and says that they understood', async () => {
      const token = sms.got(mine).join('\n').match(/\/n\/(\w{30})/)[1]
      const message = await phone.newPage()
      await message.goto(`/n/${token}`)
      await expect(message.getByRole('heading', { level: 1 })).toContainText(title)
      await message.getByRole('button', { name: t('delivery.message.understood') }).click()
      await expect(message.getByRole('main')).toContainText(t('delivery.message.done'))
      await officer.goto(campaign)
      await expect(officer.getByRole('row', { name: new RegExp(`^${t('delivery.state.understood')}`) })).toBeVisible()
      expect((await message.goto(`/n/${token.slice(0, 29)}x`)).status()).toBe(404)
    })

    await test.step('one word stops it, before anything else is sent', async () => {
      sms.write(mine, 'Thôi')
      await soon(async () => expect(sms.got(mine).length).toBeGreaterThan(2))
    })

    await test.step('a recall goes wherever it went, and not to who stopped', async () => {
      const before = sms.got(mine).length
      await leader.goto(`${desk}/ban-tin/${id}`)
      await leader.getByLabel(t('bulletin.recall.reason')).fill('Nước đã rút, bà con về nhà được.')
      await leader.getByRole('button', { name: t('bulletin.do.recall') }).click()
      await expect(leader.getByRole('status').filter({ hasText: t('bulletin.done.recall') })).toBeVisible()
      const others = sms.numbers().filter((n) => n !== mine)
      await soon(async () => { for (const n of others) expect(sms.got(n).at(-1)).toContain('THU HỒI') })
      expect(sms.got(mine).length).toBe(before)
      await officer.goto(`${desk}/gui`)
      await expect(officer.getByRole('main')).toContainText(t('delivery.kind.recall'))
      expect(await (await phone.request.get(`/cap/${id}.xml`)).text()).toContain('<msgType>Cancel</msgType>')
      await soon(async () => expect(await cutsIn()).toBe(alarm))
    })
  } finally {
    sms.close()
  }
})
