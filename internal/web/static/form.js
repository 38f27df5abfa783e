// Runs a form in the browser as package internal/report/form runs it on the server: the same rules, which come as data, the same
// steps of arithmetic, the same findings in the same order. A test in Go holds the two together. The lower half makes a page of
// it: sums and verdicts while one types, cells that save themselves, a block pasted from a spreadsheet. All works without it, too.

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
  const rate = 1000 * x / unit / past.people
  if (width > 0 && Math.abs(rate - near.median) > 3.5 * width && Math.abs(x / unit - expected) >= 10) {
    return ['form.near.' + side(rate, near.median), 'A', tenths(rate), 'Median', tenths(near.median)]
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
