// Figures from a commune to a reader: a form filled in a workbook, mended on the page, certified, accepted, asked about, released.
// Nobody can do another's part, and a small group is hidden in every format.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { expect, test } from '@playwright/test'
import { address, someone } from '../people.js'
import { t } from '../words.js'

const forms = '/ban-lam-viec/bieu'
const ask = '/ban-lam-viec/so-lieu'
const releases = '/ban-lam-viec/phat-hanh'
const bacSon = '06325'
const red = 'ffc9c4'

// office runs LibreOffice, see office.py.
function office(...args) {
  const script = new URL('../office.py', import.meta.url).pathname
  return JSON.parse(execFileSync('/usr/bin/python3', [script, ...args], { encoding: 'utf8', maxBuffer: 100_000_000, timeout: 180_000 }))
}

// open goes from the list of forms to the report of one that stands in a state, and gives its address.
async function open(page, code, state) {
  await page.goto(forms)
  const row = page.getByRole('row').filter({ hasText: `${code}.` }).filter({ hasText: t(`report.state.${state}`) })
  await expect(row.first(), `a report of ${code} that is ${state}`).toBeVisible()
  await row.getByRole('link').first().click()
  await expect(page.getByRole('heading', { level: 1 })).toContainText(`${code}.`)
  return new URL(page.url()).pathname
}

// step presses a button of the workflow and waits until the report stands in the state that follows.
async function step(page, button, state) {
  await page.getByRole('button', { name: t(`report.step.${button}`), exact: true }).click()
  await expect(page.getByRole('main').locator('.head .st').first()).toHaveText(t(`report.state.${state}`))
}

// refused tries a step that is not this person's, past the page: the server must say no.
async function refused(page, path, form) {
  const answer = await page.request.post(path, { form, maxRedirects: 0 })
  expect([403, 409], `POST ${path} ${JSON.stringify(form)}`).toContain(answer.status())
}

// period is the code of a half-year as the program writes it: "6 tháng đầu năm 2026" is 2026H1.
function period(text) {
  const [, half, year] = text.match(/6 tháng (đầu|cuối) năm (\d{4})/)
  return year + (half === 'đầu' ? 'H1' : 'H2')
}

test('from a workbook of a commune to a released table', async ({ browser }, info) => {
  test.setTimeout(420_000)
  const officer = await someone(browser, 'commune_officer')
  const template = info.outputPath('form.xlsx')
  const filled = info.outputPath('filled.xlsx')
  let report, half, wrote

  await test.step('an officer downloads the form and fills it in LibreOffice, two cells wrong', async () => {
    report = await open(officer, 'BM01', 'open')
    half = period(await officer.getByRole('main').locator('.meta').first().innerText())
    const download = officer.waitForEvent('download')
    await officer.getByRole('link', { name: t('report.file.template') }).click()
    await (await download).saveAs(template)
    wrote = office('fill', template, filled, JSON.stringify({
      'Tày / Trong đó: nam': '3801',
      'Dao / Trong đó: nam': 'khoảng năm trăm', // no number
      'Kinh / Từ đủ 15 tuổi': '9999', // more than there are
      'Mông / Trong đó: nam': '44', // right, and unlike last time
      'Dân tộc khác / Số hộ': '1', 'Dân tộc khác / Trong đó: nam': '2', 'Dân tộc khác / Trong đó: nữ': '1', 'Dân tộc khác / Từ đủ 15 tuổi': '3',
    }))
    expect(wrote['Dao / Trong đó: nam']).toMatch(/^BM01\.[A-Z]+\d+$/)
  })

  await test.step('a workbook that is none is refused with a sentence', async () => {
    await officer.getByLabel(t('report.file.choose')).setInputFiles({ name: 'so.xlsx', mimeType: 'text/plain', buffer: Buffer.from('đây không phải bảng tính') })
    await officer.getByRole('button', { name: t('report.file.try') }).click()
    await expect(officer.getByRole('alert').first()).toHaveText(/[ạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹđ]/)
  })

  await test.step('the preview says what would change, and which cells are wrong', async () => {
    await officer.goto(report)
    await officer.getByLabel(t('report.file.choose')).setInputFiles(filled)
    await officer.getByRole('button', { name: t('report.file.try') }).click()
    await expect(officer.getByRole('heading', { level: 1 })).toHaveText(t('report.file.trial'))
    const refusedCells = officer.getByRole('table', { name: t('report.trial.refused') })
    await expect(refusedCells).toContainText(wrote['Dao / Trong đó: nam'].replace('.', '!'))
    await expect(refusedCells).toContainText('khoảng năm trăm')
    await expect(officer.getByRole('table', { name: t('report.trial.changes') }).getByRole('row').filter({ hasText: 'Tày, nam' })).toContainText('3.801')
    await expect(officer.getByRole('listitem').filter({ hasText: 'Kinh, Từ đủ 15 tuổi' })).toContainText('9.999')
  })

  await test.step('the same workbook comes back with the two cells red and told', async () => {
    const back = info.outputPath('back.xlsx')
    const download = officer.waitForEvent('download')
    await officer.getByRole('link', { name: t('report.trial.back') }).click()
    await (await download).saveAs(back)
    const book = office('read', back)
    expect(book.sheets).toContain('Lỗi')
    const marked = Object.entries(book.cells).filter(([, c]) => c.colour === red).map(([ref]) => ref)
    const [dao, kinh] = [wrote['Dao / Trong đó: nam'], wrote['Kinh / Từ đủ 15 tuổi']]
    expect(marked.sort()).toEqual([dao, kinh].sort())
    expect(book.cells[dao].comment).toContain('khoảng năm trăm')
    expect(book.cells[kinh].comment).toContain('9.999')
    expect(book.cells[wrote['Tày / Trong đó: nam']]).toEqual({ text: '3801', colour: expect.not.stringContaining(red), comment: '' })
  })

  const cell = (id) => officer.locator(`[data-cell="${id}"]`)
  await test.step('the good cells are taken; the others are mended on the page, an odd one is explained', async () => {
    await officer.getByRole('button', { name: t('report.trial.good') }).click()
    await expect(cell('tay.male')).toHaveValue('3801')
    await expect(cell('kinh.p15')).toHaveAttribute('aria-invalid', 'true')
    await expect(officer.getByRole('button', { name: t('report.step.xong') })).toBeVisible()
    await officer.getByRole('button', { name: t('report.step.xong') }).click() // not yet
    await expect(officer.getByRole('main').locator('.head .st').first()).toHaveText(t('report.state.open'))
    await cell('dao.male').fill('500')
    await cell('kinh.p15').fill('1.365')
    await expect(cell('kinh.p15')).not.toHaveAttribute('aria-invalid', 'true')
    await officer.locator('[data-note="mong.male"]').fill('Số minh hoạ: sáu hộ mới chuyển đến.')
    await step(officer, 'xong', 'entered')
  })

  await test.step('who entered it cannot certify it', async () => {
    await expect(officer.getByRole('button', { name: t('report.step.xac-nhan'), exact: true })).toHaveCount(0)
    await refused(officer, `${report}/buoc`, { step: 'xac-nhan' })
    await refused(officer, `${report}/buoc`, { step: 'nhan' })
  })

  const statistician = await someone(browser, 'statistician')
  const leader = await someone(browser, 'commune_leader')
  const question = `chi-tieu=POP&hang=group&cot=sex&ky=${half}&dia-ban=${bacSon}`
  const men = async () => {
    const answer = await (await statistician.request.get(`${ask}.json?${question}`)).text()
    return answer.includes('3801')
  }
  await test.step('the leader certifies and sends it; within a second a question answers with it', async () => {
    expect(await men()).toBe(false)
    await leader.goto(report)
    await step(leader, 'xac-nhan', 'certified')
    const certified = Date.now()
    let asked
    do asked = Date.now(); while (!await men() && asked - certified < 10_000)
    expect(asked - certified, 'milliseconds until the question knew it').toBeLessThanOrEqual(1000)
    await step(leader, 'gui', 'sent')
  })

  await test.step('the province accepts it; who certified it could not', async () => {
    await refused(leader, `${report}/buoc`, { step: 'nhan' })
    await statistician.goto(report)
    await step(statistician, 'nhan', 'accepted')
  })

  await test.step('a figure tells from which report, file and cell it comes', async () => {
    await statistician.goto(`${ask}?${question}`)
    await statistician.getByRole('row').filter({ hasText: 'Tày' }).getByRole('link', { name: '3.801' }).click()
    await expect(statistician.getByRole('main')).toContainText('filled.xlsx')
    await expect(statistician.getByRole('main')).toContainText(wrote['Tày / Trong đó: nam'].replace('.', '!'))
  })

  await test.step('a commune asks about its own figures only, and the attempt is on record', async () => {
    await officer.goto(`${ask}?${question}`)
    await expect(officer.getByRole('main')).toContainText('3.801')
    const answer = await officer.goto(`${ask}?chi-tieu=POP&hang=group&ky=${half}&dia-ban=06427`)
    expect(answer.status()).toBe(403)
    await expect(officer.getByRole('alert').first()).toContainText('xã Cai Kinh')
    const dpo = await someone(browser, 'dpo')
    await dpo.goto('/ban-lam-viec/nhat-ky')
    await dpo.getByLabel(t('audit.reason')).fill('Kiểm tra việc hỏi số liệu ngoài địa bàn')
    await dpo.getByLabel(t('audit.person')).fill('commune_officer')
    await dpo.getByLabel(t('audit.act'), { exact: true }).selectOption('stat.read_exact')
    await dpo.getByRole('button', { name: t('audit.show') }).click()
    await expect(dpo.getByRole('row').filter({ hasText: 'refused' }).first()).toContainText('06427')
    await dpo.context().close()
  })

  const code = 'dan-so-bac-son-thu'
  await test.step('a statistician proposes a release', async () => {
    await statistician.goto(`${releases}/moi`)
    await statistician.getByLabel(t('stat.release.field.title'), { exact: true }).fill('Dân số các xã theo dân tộc, giới tính')
    await statistician.getByLabel(t('stat.release.field.code')).fill(code)
    await statistician.locator('summary').filter({ hasText: t('stat.topic.population') }).click()
    await statistician.getByLabel('Dân số', { exact: true }).check()
    await statistician.getByLabel(t('stat.release.field.periods')).fill(half)
    await statistician.getByRole('group', { name: t('stat.release.field.cuts') }).getByLabel(t('stat.dim.group')).check()
    await statistician.getByRole('group', { name: t('stat.release.field.cuts') }).getByLabel(t('stat.dim.sex')).check()
    await statistician.getByLabel(t('stat.release.field.source'), { exact: true }).fill('Báo cáo minh hoạ của các xã')
    await statistician.getByRole('button', { name: t('stat.release.build') }).click()
    const propose = statistician.getByRole('button', { name: t('stat.release.do.propose') })
    await expect(propose).toBeVisible({ timeout: 240_000 }) // the page loads itself again while small groups are being hidden
    await propose.click()
    await expect(statistician.getByRole('main').locator('.head .st').first()).toHaveText(t('stat.release.state.proposed'))
  })

  await test.step('who proposed it cannot release it; a leader does', async () => {
    const release = new URL(statistician.url()).pathname
    await expect(statistician.getByRole('button', { name: t('stat.release.do.release') })).toHaveCount(0)
    await refused(statistician, `${release}/phat-hanh`, {})
    const province = await someone(browser, 'province_leader')
    await province.goto(release)
    await province.getByRole('button', { name: t('stat.release.do.release') }).click()
    await expect(province.getByRole('main').locator('.head .st').first()).toHaveText(t('stat.release.state.released'))
    await province.context().close()
  })

  const visit = await browser.newContext({ baseURL: process.env.BANLANG_URL, locale: 'vi-VN', extraHTTPHeaders: address(), javaScriptEnabled: false })
  const visitor = await visit.newPage()
  await test.step('a visitor reads it, with the same cells hidden in every format', async () => {
    await visitor.goto('/so-lieu')
    await visitor.getByRole('main').getByRole('link', { name: 'Dân số các xã theo dân tộc, giới tính' }).first().click()
    await expect(visitor).toHaveURL(new RegExp(`/so-lieu/${code}`))
    const files = Object.fromEntries(await visitor.getByRole('main').locator('a[href^="/so-lieu/"]').evaluateAll((links) => links.map((a) => [a.textContent, a.href])))
    const get = async (name) => (await visit.request.get(files[name])).body()

    const table = JSON.parse(await get('JSON-stat 2.0'))
    const members = (dim) => table.dimension[dim].category.index
    const at = (i) => { // the members of a cell, by dimension
      const found = {}
      for (let d = table.id.length - 1; d >= 0; d--) { found[table.id[d]] = members(table.id[d])[i % table.size[d]]; i = Math.floor(i / table.size[d]) }
      return found
    }
    const all = table.value.map((value, i) => ({ value, status: table.status[i], ...at(i) }))
    const hidden = all.filter((c) => c.status === 'C')
    expect(hidden.length).toBeGreaterThan(0)
    for (const c of hidden) expect(c.value).toBeNull()
    const one = hidden.find((c) => c.place.startsWith(bacSon) && c.group !== 'T')
    expect(one, 'a hidden cell of Bắc Sơn').toBeTruthy()

    const [head, ...lines] = (await get('CSV')).toString('utf8').replace('\ufeff', '').trim().split(/\r?\n/).map((line) => line.split(','))
    const rows = lines.map((line) => Object.fromEntries(head.map((name, i) => [name, line[i]])))
    const same = rows.filter((r) => table.id.every((d) => r[d] === undefined || r[d] === one[d]))
    expect(same).toHaveLength(1)
    expect(same[0]).toMatchObject({ value: '', status: 'C' })
    expect(rows.filter((r) => r.status === 'C')).toHaveLength(hidden.length)

    const book = info.outputPath('released.xlsx')
    writeFileSync(book, await get('Excel'))
    const cells = Object.values(office('read', book).cells).map((c) => c.text)
    expect(cells.filter((text) => text === '…')).toHaveLength(hidden.length)

    await visitor.goto(`/so-lieu/${code}?place=${one.place}&hang=group&cot=sex`)
    const label = table.dimension.group.category.label[one.group]
    await expect(visitor.getByRole('row').filter({ hasText: label }).first()).toContainText('…')
  })
  for (const one of [officer, leader, statistician, visitor]) await one.context().close()
})

test('a report goes back and forth, and a locked period opens again by two persons', async ({ browser }) => {
  test.setTimeout(240_000)
  const leader = await someone(browser, 'commune_leader')
  const officer = await someone(browser, 'commune_officer', { javaScriptEnabled: false }) // the page works without script
  const state = (page) => page.getByRole('main').locator('.head .st').first()
  const reason = (page, text) => page.getByLabel(t('report.reason'), { exact: true }).first().fill(text)
  let report

  await test.step('a leader withdraws what was sent, with a reason, and gives it back to the officer', async () => {
    report = await open(leader, 'BM05', 'sent')
    await leader.getByRole('button', { name: t('report.step.rut') }).click()
    await expect(leader.getByText(t('report.reason.required')).first()).toBeVisible()
    await reason(leader, 'Thiếu một thôn, cần đếm lại.')
    await step(leader, 'rut', 'certified')
    await reason(leader, 'Cán bộ đếm lại giúp.')
    await step(leader, 'bo-xac-nhan', 'open')
  })

  await test.step('an officer mends it without script and explains what is odd', async () => {
    await officer.goto(report)
    await officer.getByLabel('Người có uy tín, Nam', { exact: true }).fill('22')
    await officer.getByLabel('Người có uy tín, Nữ', { exact: true }).fill('hai')
    await officer.getByRole('button', { name: t('report.save') }).click()
    await expect(officer.getByLabel('Người có uy tín, Nữ', { exact: true })).toHaveAttribute('aria-invalid', 'true')
    await expect(officer.getByLabel('Người có uy tín, Nữ', { exact: true })).toHaveValue('hai') // kept as typed
    await officer.getByLabel('Người có uy tín, Nữ', { exact: true }).fill('3')
    await officer.getByRole('button', { name: t('report.save') }).click()
    await expect(officer.locator('[data-sum="ncut.all"]')).toHaveText('25')
    for (const field of await officer.getByLabel(t('report.explain')).all()) await field.fill('Số minh hoạ: danh sách thôn chưa đủ.')
    await step(officer, 'xong', 'entered')
    await leader.goto(report)
    await step(leader, 'xac-nhan', 'certified')
    await step(leader, 'gui', 'sent')
  })

  const statistician = await someone(browser, 'statistician')
  await test.step('the province returns it with a remark on one cell, which the officer sees and mends', async () => {
    await statistician.goto(report)
    const back = statistician.locator('form[action$="/tra"]')
    await back.getByLabel(t('report.reason'), { exact: true }).fill('Xem lại một ô.')
    await back.getByLabel(t('report.remark.cell')).first().selectOption({ label: 'Người có uy tín, Nam' })
    await back.getByLabel(t('report.remark.text')).first().fill('Danh sách của tỉnh chỉ có 20 ông.')
    await back.getByRole('button', { name: t('report.step.tra') }).click()
    await expect(state(statistician)).toHaveText(t('report.state.returned'))
    await officer.goto(report)
    const remark = officer.getByRole('listitem').filter({ hasText: 'Danh sách của tỉnh chỉ có 20 ông.' })
    await remark.getByRole('link', { name: 'Người có uy tín, Nam' }).click()
    const cell = officer.getByLabel('Người có uy tín, Nam', { exact: true })
    await expect(officer).toHaveURL(new RegExp(`#${await cell.getAttribute('id')}$`)) // the remark leads to its cell
    await cell.fill('20')
    await officer.getByRole('button', { name: t('report.save') }).click()
    await expect(remark).toContainText(t('report.remark.done'))
    await step(officer, 'xong', 'entered')
    await leader.goto(report)
    await step(leader, 'xac-nhan', 'certified')
    await step(leader, 'gui', 'sent')
    await statistician.goto(report)
    await step(statistician, 'nhan', 'accepted')
  })

  let periodPage
  await test.step('the period is locked, and nothing moves any more', async () => {
    await statistician.goto('/ban-lam-viec/ky-bao-cao')
    const row = statistician.getByRole('row').filter({ hasText: 'BM05.' }).filter({ hasNotText: t('report.state.locked') })
    await row.getByRole('link', { name: t('report.period.see') }).click()
    periodPage = new URL(statistician.url()).pathname
    await statistician.getByRole('button', { name: t('report.lock'), exact: true }).click()
    await expect(state(statistician)).toHaveText(t('report.state.locked'))
    await refused(officer, `${report}/o`, { 'c.ncut.male': '1', 'r.ncut.male': '1' })
    await officer.goto(report)
    await expect(officer.getByRole('button', { name: t('report.save') })).toHaveCount(0)
  })

  await test.step('one asks to open it again and another opens it, both with a reason', async () => {
    await statistician.getByRole('button', { name: t('report.reopen.ask') }).click()
    await expect(statistician.getByText(t('report.reason.required')).first()).toBeVisible()
    await reason(statistician, 'Hai xã gửi nhầm số.')
    await statistician.getByRole('button', { name: t('report.reopen.ask') }).click()
    await expect(statistician.getByRole('main')).toContainText('Hai xã gửi nhầm số.')
    await refused(statistician, periodPage, { step: 'mo', reason: 'Tự mở.' })
    const province = await someone(browser, 'province_leader')
    await province.goto(periodPage)
    await expect(province.getByRole('main')).toContainText('Hai xã gửi nhầm số.')
    await reason(province, 'Đồng ý, gửi lại trong ba ngày.')
    await province.getByRole('button', { name: t('report.reopen'), exact: true }).click()
    await expect(state(province)).toHaveText(t('report.period.running'))
    await expect(province.getByRole('table', { name: t('report.steps') })).toContainText('Đồng ý, gửi lại trong ba ngày.')
    await province.context().close()
  })

  await test.step('its history says who did what and why', async () => {
    await officer.goto(`${report}/lich-su`)
    for (const why of ['Thiếu một thôn, cần đếm lại.', 'Cán bộ đếm lại giúp.', 'Xem lại một ô.']) await expect(officer.getByRole('main')).toContainText(why)
    await expect(officer.getByRole('table', { name: t('report.version.changes') }).first()).toContainText('Người có uy tín, Nam')
  })
  for (const one of [leader, officer, statistician]) await one.context().close()
})

test('an address that asks for what there is not is answered as near as can be', async ({ browser }) => {
  const statistician = await someone(browser, 'statistician')
  const answer = await statistician.goto(`${ask}?chi-tieu=POPP,HH&hang=group,mau-sac&ky=2025H2,mai&dia-ban=99999&dau=-3&hinh=tron&loc.group=klingon`)
  expect(answer.status()).toBe(200)
  const dropped = statistician.getByRole('status').filter({ hasText: t('stat.dropped') })
  for (const [key, What] of Object.entries({ indicator: 'POPP', dim: 'mau-sac', period: 'mai', area: '99999', top: '-3', view: 'tron', member: 'klingon' })) {
    await expect(dropped).toContainText(t(`stat.dropped.${key}`, { What }))
  }
  await expect(statistician.getByRole('heading', { level: 1 })).toContainText('Số hộ') // what is left of it
  await expect(statistician.getByRole('table').getByRole('row').filter({ hasText: 'Tày' })).toBeVisible()
  await statistician.context().close()
})
