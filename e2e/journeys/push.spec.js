// A visitor turns notifications on and gets a bulletin that is sent. Chromium subscribes, keeps its connection, opens what comes with its
// own keys and wakes our service worker, all by itself; the push service of its maker, which a closed network does not reach, is ours
// (push.js). One thing is changed in the page: Chromium names its maker's machine in the address of a subscription, and our machine's name
// is put there.
import { chromium, expect, test } from '@playwright/test'
import { chromium as settings } from '../playwright.config.js'
import { address, someone } from '../people.js'
import { pushService } from '../push.js'
import { start } from '../server.js'
import { t } from '../words.js'

const desk = '/ban-lam-viec'
const soon = (look) => expect(look).toPass({ timeout: 30_000 })

// It has a server of its own: what other journeys send to the same commune would come to this browser too.
let server
const shared = { BANLANG_URL: process.env.BANLANG_URL, BANLANG_DATA: process.env.BANLANG_DATA }
test.beforeAll(async () => {
  test.setTimeout(200_000)
  server = await start(process.env.BANLANG_E2E_ENGINE ?? 'sqlite')
  Object.assign(process.env, { BANLANG_URL: server.url, BANLANG_DATA: server.data })
})
test.afterAll(async () => {
  Object.assign(process.env, shared)
  await server?.stop()
})

test('a bulletin comes as a push notification, until the browser is gone', async ({ browser }) => {
  test.setTimeout(180_000)
  const service = await pushService()
  let phone
  const enter = async (name) => {
    const page = await someone(browser, name)
    page.setDefaultTimeout(15_000)
    return page
  }
  try {
    const admin = await enter('admin')
    await test.step('the administrator connects Web Push, and turns the built-in rehearsal off', async () => {
      await admin.goto(`${desk}/kenh/webpush`)
      await admin.getByLabel(t('delivery.col.name'), { exact: true }).fill('Dịch vụ đẩy tin giả')
      await admin.getByLabel(t('delivery.mode.rehearsal')).check()
      await admin.getByLabel(t('delivery.field.contact'), { exact: true }).fill('tin@banlang.example')
      await admin.getByLabel(t('delivery.field.inner')).check()
      await admin.getByLabel(t('delivery.campaign.why')).fill('Nối dịch vụ giả để diễn tập')
      await admin.getByRole('button', { name: t('delivery.channel.save') }).click()
      await expect(admin.getByRole('link', { name: 'Dịch vụ đẩy tin giả' })).toBeVisible()
      await admin.getByRole('link', { name: t('delivery.connector.rehearsal-push') }).first().click()
      await admin.getByLabel(t('delivery.mode.off')).check()
      await admin.getByLabel(t('delivery.campaign.why')).fill('Đã có dịch vụ giả khác')
      await admin.getByRole('button', { name: t('delivery.channel.save') }).click()
      await expect(admin.getByRole('link', { name: 'Dịch vụ đẩy tin giả' })).toBeVisible()
    })

    // Only a browser with a folder of its own keeps a subscription; background networking is what brings messages.
    const context = await chromium.launchPersistentContext(test.info().outputPath('browser'), {
      ...settings, args: [...settings.args.filter((one) => one !== '--disable-background-networking'), ...service.args],
      ignoreDefaultArgs: ['--disable-background-networking'],
      baseURL: process.env.BANLANG_URL, locale: 'vi-VN', extraHTTPHeaders: address(),
    })
    phone = context
    await context.grantPermissions(['notifications'], { origin: process.env.BANLANG_URL })
    await context.addInitScript((origin) => {
      const { toJSON } = PushSubscription.prototype
      PushSubscription.prototype.toJSON = function () {
        globalThis.subscribedTo = [...new Uint8Array(this.options.applicationServerKey)]
        const plain = toJSON.call(this)
        return { ...plain, endpoint: origin + new URL(plain.endpoint).pathname }
      }
    }, service.origin)
    const visitor = context.pages()[0] ?? await context.newPage()
    visitor.setDefaultTimeout(15_000)
    let key
    await test.step('a visitor turns notifications on', async () => {
      await visitor.goto('/dang-ky')
      await visitor.locator('#place').selectOption({ label: 'xã Bắc Sơn' })
      await visitor.locator('#agreed').check()
      await visitor.getByRole('button', { name: t('subscriber.push.do') }).click()
      await expect(visitor.getByRole('main')).toContainText(t('subscriber.push.done'))
      key = Buffer.from(await visitor.evaluate(() => globalThis.subscribedTo)).toString('base64url')
    })

    const officer = await enter('commune_officer')
    const leader = await enter('commune_leader')
    const publish = async (title) => {
      await officer.goto(`${desk}/ban-tin/viet`)
      await officer.getByLabel(t('bulletin.field.title'), { exact: true }).fill(title)
      await officer.getByLabel(t('bulletin.field.body'), { exact: true }).fill('Bà con đến nhà văn hoá lúc 7 giờ sáng.')
      await officer.getByLabel(t('bulletin.field.topic'), { exact: true }).selectOption('forest')
      await officer.getByRole('button', { name: t('bulletin.do.send') }).click()
      await expect(officer.getByRole('heading', { level: 1 })).toHaveText(title)
      const id = new URL(officer.url()).pathname.split('/').pop()
      await leader.goto(`${desk}/ban-tin/${id}`)
      await leader.getByRole('button', { name: t('bulletin.do.approve') }).click()
      await expect(leader.getByRole('status').filter({ hasText: t('bulletin.done.approve') })).toBeVisible()
    }
    const compose = async (title) => {
      await officer.goto(`${desk}/gui/moi`)
      const item = officer.locator('#tin option').filter({ hasText: title })
      await officer.goto(`${desk}/gui/moi?tin=${await item.getAttribute('value')}&kenh=push`)
      await expect(officer.getByRole('heading', { level: 2, name: title })).toBeVisible()
    }
    const send = async (title) => {
      await compose(title)
      await officer.getByRole('button', { name: t('delivery.compose.send'), exact: true }).click()
      await officer.getByRole('button', { name: t('delivery.confirm.do') }).click()
      await expect(officer.getByRole('status').filter({ hasText: t('delivery.done.send') })).toBeVisible()
    }

    const first = 'Tập huấn phòng cháy rừng'
    await test.step('a bulletin is sent, signed and sealed for this browser', async () => {
      await publish(first)
      await send(first)
      await soon(() => expect(service.asked).toHaveLength(1))
      expect(service.asked[0]).toMatchObject({ status: 201, key })
      expect(service.asked[0].ttl).toBeGreaterThan(0)
    })

    await test.step('the service worker shows it, and its link is the message', async () => {
      let shown
      await soon(async () => {
        shown = await visitor.evaluate(async () => {
          const all = await (await navigator.serviceWorker.getRegistration('/dang-ky/')).getNotifications()
          return all.map(({ title, body, lang, tag, data }) => ({ title, body, lang, tag, url: data.url }))
        })
        expect(shown).toMatchObject([{ title: expect.stringContaining(first), lang: 'vi', url: expect.stringContaining('/n/') }])
      })
      expect(shown[0].body).toContain('nhà văn hoá')
      await visitor.goto(shown[0].url)
      await expect(visitor.getByRole('heading', { level: 1 })).toContainText(first)
    })

    const second = 'Tập huấn chữa cháy rừng'
    await test.step('a browser that is gone is asked once, and is nobody to send to any more', async () => {
      await publish(second)
      service.answer(410)
      await send(second)
      await soon(() => expect(service.asked).toHaveLength(2))
      expect(service.asked[1].status).toBe(410)
      await soon(async () => {
        await compose(second)
        await expect(officer.getByRole('main')).toContainText(t('delivery.compose.nobody'), { timeout: 500 })
      })
      expect(service.asked).toHaveLength(2)
    })
  } finally {
    await phone?.close()
    service.close()
  }
})
