// Every page of the demonstration, as each person comes to it.
import { test } from '@playwright/test'
import { crawl } from './crawl.js'
import { someone } from './people.js'

// desks are the people whose desks are looked at, with everything their menus lead to.
const desks = [
  'editor', 'speaker', 'reviewer', 'province_leader', 'commune_officer', 'commune_leader', 'librarian',
  'planner', 'statistician', 'dpo', 'admin', 'ministry', 'relay',
]

// everyPage lists the pages of the site: {who, path, html, state}, who '' for a reader. A kind of desk page
// is listed once, for the first person who has it, but the first page of a desk for each.
export async function everyPage(browser) {
  const base = process.env.BANLANG_URL
  const reader = await browser.newContext({ baseURL: base })
  const pages = (await crawl(reader.request, base, '/')).filter((page) => !page.path.startsWith('/ban-lam-viec'))
  const found = pages.map((page) => ({ ...page, who: '' }))
  await reader.close()
  const known = new Set()
  for (const who of desks) {
    const page = await someone(browser, who)
    const context = page.context()
    const state = await context.storageState()
    for (const desk of await crawl(context.request, base, '/ban-lam-viec', { within: '/ban-lam-viec' })) {
      if (desk.kind !== '/ban-lam-viec' && known.has(desk.kind)) continue
      known.add(desk.kind)
      found.push({ ...desk, who, state })
    }
    await context.close()
  }
  return found
}

// visit opens each page in turn, in a browser of that kind, as the person who has it.
export async function visit(browser, pages, options, look) {
  let who, context, page
  for (const entry of pages) {
    if (who !== entry.who) {
      await context?.close()
      who = entry.who
      context = await browser.newContext({
        baseURL: process.env.BANLANG_URL, bypassCSP: true, locale: 'vi-VN', storageState: entry.state, ...options,
      })
      page = await context.newPage()
    }
    await test.step(`${who || 'reader'} ${entry.path}`, async () => {
      await page.goto(entry.path)
      await look(page, entry)
    })
  }
  await context?.close()
}
