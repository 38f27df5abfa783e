// Open data: every released data set in every format, read by the standards' own rules or a client that is not ours, and the same
// cells hidden in all of them.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from '@playwright/test'
import { check } from '@placemarkio/check-geojson'
import JSONstat from 'jsonstat-toolkit'
import jsonld from 'jsonld'
import { Parser, Store } from 'n3'
import Validator from 'rdf-validate-shacl'
import { csv, jsonstat, lines, sheet } from '../formats/read.js'

const base = () => process.env.BANLANG_URL

// sets are the released data sets; the demonstration makes its own once its figures are read in.
async function sets(request) {
  let items = []
  await expect.poll(async () => (items = (await (await request.get('/api/v1/so-lieu')).json()).items).length, { timeout: 50_000 }).toBeGreaterThan(0)
  return items.map((item) => item.code)
}

const text = async (request, path) => {
  const answer = await request.get(path)
  expect(answer.status(), path).toBe(200)
  return answer.text()
}

test('JSON-stat: a client finds each cell, and the hidden ones empty with their status', async ({ request }) => {
  let hidden = 0
  for (const code of await sets(request)) {
    const body = JSON.parse(await text(request, `/so-lieu/${code}.jsonstat`))
    const set = JSONstat(structuredClone(body)) // which it changes
    expect(set.class).toBe('dataset')
    expect(set.n).toBe(body.size.reduce((a, b) => a * b, 1))
    expect(set.role).toMatchObject({ geo: ['place'], time: ['period'], metric: ['indicator'] })
    for (const id of set.id) expect(set.Dimension(id).length, id).toBe(body.dimension[id].category.index.length)
    for (const i of jsonstat(body)) expect(set.Data(i)).toEqual({ value: null, status: 'C' })
    hidden += jsonstat(body).length
  }
  expect(hidden).toBeGreaterThan(0)
})

test('the same cells are hidden in every format', async ({ request }) => {
  for (const code of await sets(request)) {
    const want = jsonstat(JSON.parse(await text(request, `/so-lieu/${code}.jsonstat`)))
    const table = csv(await text(request, `/so-lieu/${code}.csv`))
    expect(lines(table, 'status', 'C'), `${code}.csv`).toEqual(want)
    for (const i of want) expect(table[i + 1][table[0].indexOf('value')]).toBe('')

    const sdmx = csv(await text(request, `/so-lieu/${code}.sdmx.csv`))
    expect(sdmx[0].slice(0, 3)).toEqual(['STRUCTURE', 'STRUCTURE_ID', 'ACTION'])
    expect(sdmx[0]).toEqual(expect.arrayContaining(['REF_AREA', 'TIME_PERIOD', 'INDICATOR', 'OBS_VALUE', 'OBS_STATUS', 'CONF_STATUS']))
    expect(lines(sdmx, 'CONF_STATUS', 'C'), `${code}.sdmx.csv`).toEqual(want)
    for (const i of want) expect(sdmx[i + 1].slice(-3)).toEqual(['', 'Q', 'C'])

    const places = JSON.parse(await text(request, `/so-lieu/${code}.geojson`))
    const marks = places.features.flatMap((f) => Object.entries(f.properties).filter(([name, value]) => name.endsWith('_status') && value === 'C')
      .map(([name]) => f.properties[name.replace(/_status$/, '')]))
    expect(marks, `${code}.geojson`).toEqual(want.map(() => null))

    const dhis2 = JSON.parse(await text(request, `/so-lieu/${code}.dhis2.json`)).dataValues
    expect(dhis2.filter((v) => v.comment?.startsWith('C:') && !('value' in v)).length, `${code}.dhis2.json`).toBe(want.length)
    expect(new Set(dhis2.map((v) => [v.dataElement, v.period, v.orgUnit, v.categoryOptionCombo].join())).size).toBe(dhis2.length)
  }
})

test('Excel: LibreOffice reads the workbook, the hidden cells as "…"', async ({ request }) => {
  const [code] = await sets(request)
  const want = jsonstat(JSON.parse(await text(request, `/so-lieu/${code}.jsonstat`)))
  const rows = sheet(await (await request.get(`/so-lieu/${code}.xlsx`)).body())
  expect(lines(rows, 'Giá trị', '…')).toEqual(want)
})

test('Data Package: the description fits the file beside it', async ({ request }) => {
  for (const code of await sets(request)) {
    const about = JSON.parse(await text(request, `/so-lieu/${code}.datapackage.json`))
    expect(about.$schema).toBe('https://datapackage.org/profiles/2.0/datapackage.json')
    expect(about.licenses[0].name).toBe('CC-BY-4.0')
    expect(about.sources[0].title).toBeTruthy()
    const [file] = about.resources
    const body = await text(request, `/so-lieu/${file.path}`)
    expect(file.bytes).toBe(Buffer.byteLength(body))
    expect(file.hash).toBe(`sha256:${createHash('sha256').update(body).digest('hex')}`)
    const [head, ...rows] = csv(body)
    expect(head).toEqual(file.schema.fields.map((field) => field.name))
    const keys = rows.map((row) => file.schema.primaryKey.map((name) => row[head.indexOf(name)]).join())
    expect(new Set(keys).size).toBe(rows.length)
    file.schema.fields.forEach((field, i) => {
      for (const row of rows) {
        if (row[i] === '') expect(field.constraints?.required ?? false, field.name).toBe(false)
        else if (field.type === 'number') expect(row[i]).toMatch(/^-?\d+(\.\d+)?$/)
        else if (field.constraints?.enum) expect(field.constraints.enum).toContain(row[i])
      }
    })
  }
})

test('GeoJSON and OGC API Features: a checker and GDAL read the places', async ({ request }) => {
  const codes = await sets(request)
  for (const code of codes) check(await text(request, `/so-lieu/${code}.geojson`)) // throws on what is not GeoJSON
  const layers = execFileSync('ogrinfo', ['-ro', `OAPIF:${base()}/api/v1/ogc`], { encoding: 'utf8', timeout: 50_000 })
  for (const code of codes) expect(layers).toContain(code)
  const { numberMatched } = JSON.parse(await text(request, `/api/v1/ogc/collections/${codes[0]}/items?limit=5`))
  const layer = execFileSync('ogrinfo', ['-ro', '-so', `OAPIF:${base()}/api/v1/ogc`, codes[0]], { encoding: 'utf8', timeout: 50_000 })
  expect(layer).toContain(`Feature Count: ${numberMatched}`)
  const far = JSON.parse(await text(request, `/api/v1/ogc/collections/${codes[0]}/items?bbox=0,0,1,1`))
  expect(far.features).toEqual([])
})

test('DCAT: the catalogue is linked data of the right shape', async ({ request }) => {
  const codes = await sets(request)
  const graph = JSON.parse(await text(request, '/du-lieu-mo/dcat.jsonld'))
  const data = new Store(new Parser().parse(await jsonld.toRDF(graph, { format: 'application/n-quads' })))
  const shapes = new Store(new Parser().parse(readFileSync(new URL('../formats/dcat-ap.ttl', import.meta.url), 'utf8')))
  const report = await new Validator(shapes).validate(data)
  expect(report.results.map((r) => `${r.focusNode?.value} ${r.path?.value} ${r.message.map((m) => m.value)}`)).toEqual([])
  for (const code of codes) expect(JSON.stringify(graph)).toContain(`/so-lieu/${code}.jsonstat`)
})
