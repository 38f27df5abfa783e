// Runs a form in the browser as package internal/report/form runs it on the server: the same rules, which come as data, the same
// steps of arithmetic, the same findings in the same order. A test in Go holds the two together. The lower half makes a table live:
// sums and verdicts while one types, keys as in a spreadsheet, a block pasted from one. It sends nothing: that is offline.js. The
// page works without either.

const blank = /[\t-\r \u00a0\u1680\u2000-\u200d\u2028\u2029\u202f\u205f\u2060\u3000\ufeff]+/g
const tidy = (text) => text.replace(blank, ' ').replace(/^ +| +$/g, '')
const plain = (text) => text.normalize('NFD').replace(/[\u0300-\u036f]/g, '').replace(/[A-Z]/g, (c) => c.toLowerCase()).replace(/[đĐ]/g, 'd')
const signs = (text) => text.replace(/[０-９]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0))
  .replace(/，/g, ',').replace(/．/g, '.').replace(/[‐-―−－]/g, '-').replace(/’/g, "'")

const notKnown = ['chua biet', 'khong biet', 'chua ro', 'khong ro', 'unknown', 'not known']
const yes = ['1', 'co', 'yes', 'true', 'dung']
const no = ['0', 'khong', 'no', 'false', 'sai']
const decimals = (cell) => cell.type === 'decimal' ? 3 : 0

// parse reads what was typed into a cell: {text, n, state, key}; state is '', 'known', 'unknown' or 'bad' with the message key.
export function parse(text, cell) {
  const value = (state, n = 0, key = '') => ({ text, n, state, key, note: '' })
  const bad = (key) => value('bad', 0, 'form.bad.' + key)
  let s = tidy(text)
  if (s === '') return value('')
  if (cell.type === 'text') return [...s].length > 2000 ? bad('long') : value('known', s.split(' ').length)
  s = signs(s)
  const word = plain(s)
  if (notKnown.includes(word)) return value('unknown')
  if (/^-+$/.test(s)) return bad('dash')
  if (cell.type === 'bool') return yes.includes(word) ? value('known', 1) : no.includes(word) ? value('known', 0) : bad('bool')
  if (cell.type === 'choice') {
    const i = cell.choices.findIndex((o) => [o.code, tidy(o.vi), tidy(o.en)].some((name) => plain(name) === word))
    return i < 0 ? bad('choice') : value('known', i + 1)
  }
  const most = decimals(cell)
  const minus = s.startsWith('-')
  s = s.replace(/^-/, '').replace(/^\+/, '')
  const groups = s.split(/[^0-9]+/).filter(Boolean)
  const marks = s.split(/[0-9]+/).filter(Boolean)
  if (!/^[0-9]/.test(s) || marks.length !== groups.length - 1 || marks.some((m) => !/^[., ']$/.test(m))) return bad('number')
  let whole = groups
  let part = ''
  const last = marks.length - 1
  if (last < 0 || grouped(groups, marks)) {
    if (last === 0 && marks[0] === ',' && most > 0) return bad('comma')
  } else if (/[.,]/.test(marks[last]) && (last === 0 || marks[last] !== marks[0] && grouped(groups.slice(0, -1), marks.slice(0, -1)))) {
    whole = groups.slice(0, -1)
    part = groups[last + 1].replace(/0+$/, '')
  } else return bad('number')
  const digits = whole.join('').replace(/^0+/, '')
  if (part && !most) return bad('whole')
  if (part.length > most) return bad('decimals')
  if (digits.length > 9) return bad('large')
  const n = Number('0' + digits + (part + '000').slice(0, most))
  return value('known', (minus ? -n : n) + 0)
}

const grouped = (groups, marks) => groups[0].length <= 3 && groups[0][0] !== '0' &&
  marks.every((m, i) => m === marks[0] && groups[i + 1].length === 3)

const largest = 2 ** 53
const worse = (a, b) => a === '' || b === '' ? '' : a === 'unknown' || b === 'unknown' ? 'unknown' : 'known'
const halfUp = (x) => Math.floor(x + 0.5)

export const split = (id) => [id.slice(0, Math.max(id.lastIndexOf('.'), 0)), id.slice(id.lastIndexOf('.') + 1)]

// at is the cell of a row and a column of the grid, if it has one there.
export function at(grid, row, col) {
  grid.kinds ??= new Map(grid.rows.map((r) => [r.code, r.kind]))
  if (!grid.kinds.has(row)) return undefined
  return grid.cells[(grid.kinds.get(row) === 'member' ? '*' : row) + '.' + col]
}

// compute fills the cells that are made from others and gives an evaluator of expressions, in thousandths.
export function compute(grid, values, past = {}) {
  const done = new Set()
  const members = grid.rows.filter((r) => r.kind === 'member')

  function value(row, col) {
    const cell = at(grid, row, col)
    if (!cell) return [0, '']
    const id = row + '.' + col
    const scale = 10 ** (3 - decimals(cell))
    if (cell.calc && !done.has(id)) {
      const [n, state] = evaluate(cell.calc, row)
      values[id] = { text: '', n: state === 'known' ? halfUp(n / scale) : 0, state, key: '', note: values[id]?.note ?? '' }
      done.add(id)
    }
    const v = values[id]
    return !v || v.state === 'bad' ? [0, ''] : [v.n * scale, v.state]
  }

  function evaluate(e, row) {
    switch (e.op) {
      case 'num': return [e.n ?? 0, 'known']
      case 'cell': return operand(e, e.row || row)
      case 'words': return value(row, e.col)
      case 'rows': return [members.length * 1000, 'known']
      case 'sum': case 'count': return over(e)
    }
    const [a, known] = evaluate(e.args[0], row)
    const [b, also] = evaluate(e.args[1], row)
    const state = worse(known, also)
    if (state !== 'known') return [0, state]
    const n = reckon(e.op, a, b)
    return n === undefined || Math.abs(n) > largest ? [0, ''] : [n + 0, 'known']
  }

  function operand(e, row) {
    const said = (n, scale) => n === undefined ? [0, ''] : [n * scale, 'known']
    if (e.form) {
      const key = e.col ? `${e.form}.${row}.${e.col}` : grid.kinds.get(row) === 'member' ? `${e.form}.${row}` : e.form
      return said(past.other?.[key], 1000)
    }
    if (!e.at) return value(row, e.col)
    if (e.at === 'ytd' && !past.same_year) return [0, '']
    const cell = at(grid, row, e.col) ?? {}
    return said((e.at === 'year' ? past.year : past.prev)?.[row + '.' + e.col], 10 ** (3 - decimals(cell)))
  }

  function over(e) {
    let sum = 0
    let known = 'known'
    for (const r of members) {
      const [n, state] = value(r.code, e.col)
      known = worse(known, state)
      if (e.op === 'sum') sum += n
      else if (state === 'known' && n === e.n * 1000) sum += 1000
    }
    if (!members.length) return [0, '']
    return known === 'known' ? [sum, known] : [0, known]
  }

  for (const r of grid.rows) for (const c of grid.cols) value(r.code, c.code)
  return evaluate
}

function reckon(op, a, b) {
  switch (op) {
    case '+': return a + b
    case '-': return a - b
    case 'max': return Math.max(a, b)
    case 'min': return Math.min(a, b)
    case '*':
      if (a % 1000 === 0) return a / 1000 * b
      if (b % 1000 === 0) return b / 1000 * a
      return halfUp(a * b / 1000)
    case '/': {
      if (b === 0) return undefined
      const whole = Math.trunc(a / b)
      return whole * 1000 + halfUp((a - whole * b) * 1000 / b)
    }
  }
}

const holds = {
  lt: (a, b) => a < b, le: (a, b) => a <= b, eq: (a, b) => a === b, ne: (a, b) => a !== b, ge: (a, b) => a >= b, gt: (a, b) => a > b,
}
const emptyKey = { int: 'form.empty', decimal: 'form.empty', bool: 'form.empty.choice', choice: 'form.empty.choice', text: 'form.empty.text' }

// check says what is wrong, odd or missing: [{cell, severity, key, args}]. It computes first. A cell with a note has no warnings.
export function check(grid, values, past = {}) {
  const evaluate = compute(grid, values, past)
  const out = []
  for (const r of grid.rows) {
    for (const c of grid.cols) {
      const cell = at(grid, r.code, c.code)
      if (cell) out.push(...checkCell(cell, r.code, r.code + '.' + c.code))
    }
  }
  return out

  function checkCell(cell, row, id) {
    const found = []
    const v = values[id] ?? { text: '', n: 0, state: '', note: '' }
    const say = (severity, key, ...args) => {
      if (severity !== 'warning' || !tidy(v.note ?? '')) found.push({ cell: id, severity, key, args })
    }
    if (v.state === 'bad') say('error', v.key, 'Text', short(v.text))
    else if (v.state === '' && cell.given) say('warning', 'form.empty.given')
    else if (v.state === '' && cell.typed && cell.required) say('empty', emptyKey[cell.type])
    else if (v.state === 'known' && v.n < 0 && cell.type !== 'text') say('error', 'form.negative')
    for (const s of cell.tests ?? []) {
      if (s.if && fails(s.if, row) !== false) continue
      const f = fails(s, row)
      if (!f) continue
      const key = (s.warn ? 'form.warn.' : 'form.rule.') + s.cmp + (s.right.op === 'num' ? '.number' : '')
      const w = s.words
      say(s.warn ? 'warning' : 'error', key, 'Left', w[0], 'LeftEN', w[3], 'A', f[0] / 1000, 'Right', w[1], 'RightEN', w[4], 'B', f[1] / 1000,
        'When', w[2], 'WhenEN', w[5])
    }
    if (cell.watch && v.state === 'known' && !found.some((f) => f.severity === 'error')) {
      const odd = unlike(cell, id, v.n, past)
      if (odd) say('warning', ...odd)
    }
    return found
  }

  // fails gives the two sides where a statement does not hold, false where it does, undefined where a number is not known.
  function fails(s, row) {
    const [a, known] = evaluate(s.left, row)
    const [b, also] = evaluate(s.right, row)
    if (worse(known, also) !== 'known') return undefined
    return holds[s.cmp](a, b) ? false : [a, b]
  }
}

function short(text) {
  const letters = [...tidy(text)]
  return letters.length > 40 ? letters.slice(0, 40).join('') + '…' : letters.join('')
}

// unlike asks about a value unlike its own history, else unlike a year or a period before, else unlike other communes.
function unlike(cell, id, x, past) {
  const unit = 10 ** decimals(cell)
  const side = (a, b) => a > b ? 'more' : 'less'
  const tenths = (n) => halfUp(n * 10) / 10
  const history = past.history?.[id]
  const long = history && history.n >= 4
  if (long) {
    const width = Math.max(1.4826 * history.mad, 0.05 * Math.abs(history.median), unit)
    if (Math.abs(x - history.median) > 3.5 * width) {
      return ['form.history.' + side(x, history.median), 'A', x / unit, 'Median', history.median / unit]
    }
  }
  for (const name of ['year', 'prev']) {
    const base = past[name]?.[id] ?? 0
    if (long || base <= 0) continue
    const change = Math.abs(x - base)
    if (change * 100 > cell.watch * base && change >= 10 * unit) {
      return [`form.jump.${side(x, base)}.${name}`, 'Percent', halfUp(100 * change / base), 'Before', base / unit]
    }
    break
  }
  const near = past.near?.[id]
  if (!near || near.n < 8 || !(past.people > 0)) return undefined
  const expected = near.median * past.people / 1000
  const width = Math.max(1.4826 * near.mad, 0.05 * near.median)
  const rate = 1000 * x / past.people
  if (width > 0 && Math.abs(rate - near.median) > 3.5 * width && Math.abs(x - expected) >= 10 * unit) {
    return ['form.near.' + side(rate, near.median), 'A', tenths(rate / unit), 'Median', tenths(near.median / unit)]
  }
}

// number writes a number in the manner of the language.
export function number(lang, n) {
  const [whole, part] = String(n).split('.')
  const [group, point] = lang === 'en' ? [',', '.'] : ['.', ',']
  return whole.replace(/\B(?=(\d{3})+$)/g, group) + (part ? point + part : '')
}

// say is a message of the page with its arguments, pairs of name and value.
export function say(page, key, ...args) {
  const given = new Map()
  for (let i = 0; i < args.length; i += 2) given.set(args[i], args[i + 1])
  return (page.messages[key] ?? key).replace(/{{\.(\w+)}}/g, (_, name) => {
    const v = given.get(name) ?? ''
    return typeof v === 'number' ? number(page.lang, v) : v
  })
}

// name is what a person calls a row, a column or a cell.
export function name(page, id) {
  const [row, col] = split(id)
  const label = (x) => x ? page.lang === 'en' && x.label_en || x.label : ''
  return label(page.grid.rows.find((r) => r.code === row)) + ', ' +
    label(page.grid.cols.find((c) => c.code === col)).replace(/^(Trong đó|Of which): /, '')
}

// The table.

const looks = {
  ok: ['ok', '<circle cx="10" cy="10" r="9" fill="currentColor"/><path d="m5.5 10 3 3.5 6-7" fill="none" stroke="var(--ok-wash)" stroke-width="2.5"/>'],
  warning: ['late', '<path d="M1 2h18l-9 17z" fill="currentColor"/><path d="M10 5v6M10 13.5v1.5" stroke="var(--late-wash)" stroke-width="2.2"/>'],
  error: ['bad', '<path d="M10 0l10 10-10 10L0 10z" fill="currentColor"/><path d="M10 5v6M10 13.5v1.5" stroke="var(--alarm)" stroke-width="2.2"/>'],
}
looks.empty = looks.error
looks.untouched = ['unk', '<path d="M2 2h16v16H2z" fill="none" stroke="currentColor" stroke-width="2" stroke-dasharray="3 2.3"/>']

export function element(tag, attributes = {}, ...children) {
  const e = document.createElement(tag)
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v)
  e.append(...children)
  return e
}

// run makes a form live. data-cell names the control of a typed cell, data-sum the place of any other; data-check within data-row the
// place for what is said of a row; data-count and data-past places for how many cells are filled and for the past of the cell at
// hand; the button data-unknown says "chưa biết" there. The list of findings is at data-findings or in the first .flash, and is made
// where there is none. changed() is called after every edit; edits are what is not saved yet, by cell.
export function run(form, page, changed) {
  const { grid, past } = page
  const text = (key, ...args) => say(page, 'form.page.' + key, ...args)
  const place = (name) => form.querySelector(`[data-${name}]`)
  const values = {}
  const revs = new Map()
  const edits = new Map()
  const conflicts = new Map()
  const visited = new Set()
  const controls = new Map()
  const outputs = new Map()
  for (const e of form.querySelectorAll('[data-cell]')) controls.set(e.dataset.cell, e)
  for (const e of form.querySelectorAll('[data-sum]')) outputs.set(e.dataset.sum, e)
  const findings = place('findings') ?? form.querySelector('.flash') ?? element('div')
  const reasons = element('div')
  const table = form.querySelector('section, table')
  if (!findings.isConnected) table.before(findings)
  table.after(reasons)
  const live = form.appendChild(element('p', { class: 'vh', 'aria-live': 'polite' }))
  const said = new Map() // what the server has, by cell
  let all = []
  let last = ''
  let listed = ''

  const cellOf = (id) => at(grid, ...split(id))
  const unknownText = text('unknown').toLowerCase()

  // put writes a text into a cell and its control.
  function put(id, typed, note) {
    const cell = cellOf(id)
    if (!cell) return
    values[id] = { ...parse(typed, cell), note: note ?? values[id]?.note ?? '' }
    const control = controls.get(id)
    if (!control) return
    if (control.tagName === 'SELECT' && typed !== '') {
      const same = (o) => { const v = parse(o.value, cell); return v.state === values[id].state && v.n === values[id].n }
      let option = [...control.options].find(same)
      if (!option) control.append(option = element('option', { value: typed }, typed))
      typed = option.value
    }
    if (control.value !== typed) control.value = typed
  }

  function edit(id, typed, note) {
    put(id, typed, note)
    edits.set(id, { cell: id, text: typed, rev: revs.get(id) ?? 0, note: values[id].note })
  }

  // shown is a known value of a cell that nobody types, as people read it.
  const shown = (v, cell) => cell.type === 'bool' ? text(v.n ? 'yes' : 'no') : cell.type === 'text' ? v.text : number(page.lang, v.n / 10 ** decimals(cell))

  const tell = () => { refresh(); changed() }

  function refresh() {
    const now = {}
    for (const id in values) now[id] = { ...values[id], note: '' }
    all = check(grid, now, past)
    const explained = (f) => f.severity === 'warning' && tidy(values[f.cell]?.note ?? '')
    const found = all.filter((f) => !explained(f))
    const by = Object.groupBy ? Object.groupBy(found, (f) => f.cell) : found.reduce((m, f) => ((m[f.cell] ??= []).push(f), m), {})
    const empty = found.filter((f) => f.severity === 'empty')
    const shy = empty.length > 5 // a form just opened is not a wall of reproaches
    const seen = (f) => f.severity !== 'empty' || !shy || visited.has(f.cell)

    let done = 0
    let wanted = 0
    for (const [id, control] of controls) {
      const cell = cellOf(id)
      if (cell?.required) {
        wanted++
        if (values[id]?.state) done += values[id].state === 'bad' ? 0 : 1
      }
      const mine = (by[id] ?? []).filter(seen)
      const wrong = mine.some((f) => f.severity !== 'warning')
      control.closest('td')?.classList.toggle('bad', wrong)
      control.closest('td')?.classList.toggle('ask', !wrong && mine.length > 0)
      if (wrong) control.setAttribute('aria-invalid', 'true') // an empty attribute would say the opposite
      else control.removeAttribute('aria-invalid')
      if (mine.length) control.setAttribute('aria-describedby', 'f-' + id)
      else control.removeAttribute('aria-describedby')
    }
    for (const [id, out] of outputs) {
      const v = now[id]
      out.textContent = v?.state === 'known' ? shown(v, cellOf(id)) : v?.state === 'unknown' ? text('unknown') : '–'
    }
    for (const e of form.querySelectorAll('[data-row] [data-check]')) verdict(e, e.closest('[data-row]').dataset.row, found, now)
    list(found, empty, shy)
    notes()
    if (place('count')) place('count').textContent = text('count', 'Done', done, 'All', wanted)
  }

  function verdict(e, row, found, now) {
    const here = found.filter((f) => split(f.cell)[0] === row).map((f) => f.severity)
    let worst = ['error', 'empty', 'warning'].find((s) => here.includes(s))
    if (worst === 'empty' && grid.cols.every((c) => !controls.has(row + '.' + c.code) || !now[row + '.' + c.code]?.state)) worst = 'untouched'
    const waits = grid.cols.some((c) => cellOf(row + '.' + c.code)?.calc && !now[row + '.' + c.code]?.state)
    if (!worst && waits) return e.replaceChildren(text('wait'))
    const [look, path] = looks[worst ?? 'ok']
    const mark = element('span', { class: 'st ' + look })
    mark.innerHTML = `<svg viewBox="0 0 20 20" aria-hidden="true">${path}</svg>`
    mark.append(text(worst === 'untouched' ? 'empty' : worst ?? 'ok'))
    e.replaceChildren(mark)
  }

  function list(found, empty, shy) {
    const rest = found.filter((f) => f.severity !== 'empty' || !shy)
    const count = (s) => found.filter((f) => f.severity === s).length
    const item = (id, ...what) => element('li', { id: 'f-' + id }, element('a', { href: '#' + (controls.get(id)?.id || '') }, name(page, id)), ': ', ...what)
    const items = [...conflicts.values()].map((c) => item(c.cell, text('conflict', 'Text', c.text, 'By', c.by ?? '', 'At', c.at ?? ''), ' ',
      element('button', { type: 'button', class: 'btn alt', 'data-keep': c.cell }, text('keep')), ' ',
      element('button', { type: 'button', class: 'btn alt', 'data-take': c.cell }, text('take'))))
    for (const f of rest) items.push(item(f.cell, say(page, f.key, ...f.args)))
    const said = items.map((e) => e.outerHTML).join('') + count('error') + '/' + empty.length
    if (said === listed) return // a list that is made again under a finger loses the tap
    listed = said
    findings.hidden = !items.length // that much is still empty is told by the count
    findings.className = 'flash ' + (count('error') + empty.length + conflicts.size ? 'bad' : 'late')
    findings.replaceChildren(element('p', {}, element('b', {}, text('findings', 'Empty', empty.length, 'Errors', count('error'), 'Warnings', count('warning')))),
      element('ul', {}, ...items))
  }

  // notes shows a field for the reason at every cell that is odd or was explained.
  function notes() {
    const odd = new Set(all.filter((f) => f.severity === 'warning').map((f) => f.cell))
    for (const id in values) if (values[id].note) odd.add(id)
    for (const id of odd) {
      if (form.querySelector(`[data-note="${CSS.escape(id)}"]`)) continue
      const input = element('input', { type: 'text', id: 'n-' + id, name: 'n.' + id, 'data-note': id, maxlength: '500' })
      input.value = values[id]?.note ?? ''
      reasons.append(element('div', { class: 'field' }, element('label', { for: 'n-' + id }, text('note', 'Cell', name(page, id))), input))
    }
    for (const input of reasons.querySelectorAll('[data-note]')) {
      const field = input.closest('.field')
      if (field) field.hidden = !odd.has(input.dataset.note) && document.activeElement !== input
    }
  }

  // step goes to the next control of the column, up or down.
  function step(id, by) {
    const [row, col] = split(id)
    const rows = grid.rows.map((r) => r.code)
    for (let i = rows.indexOf(row) + by; rows[i] !== undefined; i += by) {
      const next = controls.get(rows[i] + '.' + col)
      if (next && !next.disabled) {
        next.focus()
        next.select?.()
        return true
      }
    }
  }

  form.addEventListener('keydown', (e) => {
    const id = e.target.dataset?.cell
    if (!id || e.altKey || e.ctrlKey || e.metaKey || e.isComposing || e.target.tagName === 'TEXTAREA') return
    const arrows = e.target.tagName !== 'SELECT'
    const by = e.key === 'Enter' ? (e.shiftKey ? -1 : 1) : arrows && e.key === 'ArrowDown' ? 1 : arrows && e.key === 'ArrowUp' ? -1 : 0
    if (!by) return
    e.preventDefault() // Enter moves on, as in a spreadsheet; it does not send the form
    step(id, by)
  })
  form.addEventListener('input', (e) => {
    const { cell, note } = e.target.dataset
    if (cell) edit(cell, e.target.value)
    else if (note) edit(note, values[note]?.text ?? '', e.target.value)
    else return
    tell()
  })
  form.addEventListener('focusin', (e) => {
    if (!e.target.dataset.cell) return
    last = e.target.dataset.cell
    const unit = 10 ** decimals(cellOf(last) ?? {})
    const was = (when) => past[when]?.[last] === undefined ? '–' : number(page.lang, past[when][last] / unit)
    const known = past.year?.[last] ?? past.prev?.[last]
    if (place('past')) place('past').textContent = known === undefined ? '' : text('past', 'Year', was('year'), 'Prev', was('prev'))
  })
  form.addEventListener('change', (e) => {
    const id = e.target.dataset.cell
    if (!id) return
    visited.add(id)
    refresh()
    const mine = all.find((f) => f.cell === id && f.severity !== 'empty')
    live.textContent = mine ? say(page, mine.key, ...mine.args) : ''
  })
  form.addEventListener('paste', (e) => {
    const id = e.target.dataset?.cell
    const block = e.clipboardData?.getData('text/plain') ?? ''
    if (!id || e.target.tagName === 'TEXTAREA' || !/[\t\n]/.test(block.replace(/\r?\n$/, ''))) return
    e.preventDefault()
    const [row, col] = split(id)
    const top = grid.rows.findIndex((r) => r.code === row)
    const left = grid.cols.findIndex((c) => c.code === col)
    let count = 0
    block.replace(/\r?\n$/, '').split(/\r?\n/).forEach((line, i) => line.split('\t').forEach((piece, j) => {
      const to = `${grid.rows[top + i]?.code}.${grid.cols[left + j]?.code}`
      if (!controls.has(to) || controls.get(to).disabled) return // a computed cell is passed over
      edit(to, tidy(piece.replace(/^"(.*)"$/, '$1')))
      count++
    }))
    live.textContent = text('pasted', 'Count', count)
    tell()
  })
  form.addEventListener('click', (e) => {
    const button = e.target.closest('button')
    const { keep, take } = button?.dataset ?? {}
    const c = conflicts.get(keep ?? take)
    if (button?.matches('[data-unknown]') && last) {
      edit(last, unknownText)
      visited.add(last)
      if (!step(last, 1)) controls.get(last).focus()
    } else if (c) {
      conflicts.delete(c.cell)
      revs.set(c.cell, c.rev)
      if (take) {
        edits.delete(c.cell)
        took({ cells: [c] })
      } else edit(c.cell, values[c.cell].text)
      controls.get(c.cell)?.focus()
    } else return
    tell()
  })

  // took takes in what the server says about cells, in answer to those sent. An edit of another cell keeps the revision that its
  // writer saw: if somebody wrote there meanwhile, the server must say so.
  function took(reply, sent = []) {
    const disputed = new Set((reply.conflicts ?? []).map((c) => c.cell))
    for (const c of reply.cells ?? []) {
      said.set(c.cell, c)
      if (disputed.has(c.cell)) continue
      if (!edits.has(c.cell)) put(c.cell, c.text, c.note ?? '')
      else if (sent.some((s) => s.cell === c.cell)) edits.get(c.cell).rev = c.rev
      else continue
      conflicts.delete(c.cell)
      revs.set(c.cell, c.rev)
      const rev = form.elements['r.' + c.cell] // what the form says when it is sent as a whole
      if (rev) rev.value = c.rev
    }
    for (const c of reply.conflicts ?? []) {
      conflicts.set(c.cell, c)
      if (!edits.has(c.cell)) edits.set(c.cell, { cell: c.cell, text: values[c.cell]?.text ?? '', rev: revs.get(c.cell) ?? 0, note: values[c.cell]?.note ?? '' })
    }
    page.cells = [...said.values()]
    refresh()
  }

  // waiting is what can be sent now, under a new key.
  function waiting() {
    const cells = [...edits.values()].filter((c) => !conflicts.has(c.cell))
    return cells.length ? { key: crypto.randomUUID(), cells: cells.map((c) => ({ ...c })) } : undefined
  }

  // again lays edits over what the server said: those that an earlier visit could not send.
  function again(kept) {
    for (const c of kept) {
      put(c.cell, c.text, c.note ?? '')
      edits.set(c.cell, c)
    }
    refresh()
  }

  took({ cells: page.cells })
  return { took, again, waiting, edits, text }
}
