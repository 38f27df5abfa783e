// A visitor turns notifications on and gets a bulletin that is sent. Chromium would subscribe at the push service of its maker, which a
// closed network does not reach. So PushManager.subscribe is a stub here: it gives an address at our own push service, with keys that are
// real. Our page, our service worker, our server, its signature and its encryption are the real ones; what the push service opened is
// handed to the service worker by the developer tools, in the place of the connection that Chromium has to its maker.
import { expect, test } from '@playwright/test'
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

    const context = await browser.newContext({ baseURL: process.env.BANLANG_URL, locale: 'vi-VN', extraHTTPHeaders: address() })
    await context.grantPermissions(['notifications'], { origin: process.env.BANLANG_URL })
    await context.addInitScript((subscription) => {
      PushManager.prototype.subscribe = async ({ applicationServerKey }) => {
        globalThis.subscribedTo = [...new Uint8Array(applicationServerKey)]
        return { toJSON: () => subscription }
      }
    }, service.subscription)
    const visitor = await context.newPage()
    visitor.setDefaultTimeout(15_000)
    const tools = await context.newCDPSession(visitor)
    let registration
    tools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      registration = registrations.find((r) => r.scopeURL.endsWith('/dang-ky/') && !r.isDeleted)?.registrationId ?? registration
    })
    await tools.send('ServiceWorker.enable')
    let key
    await test.step('a visitor turns notifications on', async () => {
      await visitor.goto('/dang-ky')
      await visitor.locator('#place').selectOption({ label: 'xã Bắc Sơn' })
      await visitor.locator('#agreed').check()
      await visitor.getByRole('button', { name: t('subscriber.push.do') }).click()
      await expect(visitor.getByRole('main')).toContainText(t('subscriber.push.done'))
      key = Buffer.from(await visitor.evaluate(() => globalThis.subscribedTo)).toString('base64url')
      await soon(() => expect(registration).toBeTruthy())
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
      expect(service.asked[0]).toMatchObject({ status: 201, key, note: { title: expect.stringContaining(first), lang: 'vi' } })
      expect(service.asked[0].ttl).toBeGreaterThan(0)
    })

    await test.step('the service worker shows it, and its link is the message', async () => {
      const { note } = service.asked[0]
      await tools.send('ServiceWorker.deliverPushMessage', { origin: process.env.BANLANG_URL, registrationId: registration, data: JSON.stringify(note) })
      let shown
      await soon(async () => {
        shown = await visitor.evaluate(async () => {
          const all = await (await navigator.serviceWorker.getRegistration('/dang-ky/')).getNotifications()
          return all.map(({ title, body, lang, tag, data }) => ({ title, body, lang, tag, url: data.url }))
        })
        expect(shown).toEqual([{ title: note.title, body: note.text, lang: 'vi', tag: note.tag, url: note.url }])
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
    service.close()
  }
})
