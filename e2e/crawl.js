// Finds the pages that a person can come to by links: one address or two of each kind.

// Under these a segment is a name of one thing: /dan-toc/tay and /dan-toc/nung are one kind of page.
// Elsewhere a name of one thing has a digit in it.
const collections = ['chu-de', 'dan-toc', 'muc-tieu', 'thu-vien', 'tieng']

// kind is an address with the names of single things taken out.
export function kind(address) {
  const url = new URL(address)
  const segments = url.pathname.split('/').map((segment, i, all) =>
    /\d/.test(segment) || collections.includes(all[i - 1]) ? '*' : segment)
  const asked = [...new Set(url.searchParams.keys())].sort()
  return segments.join('/') + (asked.length ? '?' + asked.join('&') : '')
}

// crawl follows links from the start, at most `each` addresses of a kind, and gives the pages
// in the order found, as paths. `request` carries whatever session there is.
export async function crawl(request, base, start, { each = 1, within = '/' } = {}) {
  const origin = new URL(base).origin
  const seen = new Set()
  const taken = new Map()
  const pages = []
  const queue = [start]
  while (queue.length > 0) {
    const address = new URL(queue.shift(), base)
    address.hash = ''
    const path = address.pathname + address.search
    if (address.origin !== origin || seen.has(path) || !address.pathname.startsWith(within)) continue
    if (address.searchParams.size > 1) continue // two filters at once look like one
    seen.add(path)
    const k = kind(address)
    if ((taken.get(k) ?? 0) >= each) continue
    taken.set(k, (taken.get(k) ?? 0) + 1)
    const answer = await request.get(path)
    if (!(answer.headers()['content-type'] ?? '').startsWith('text/html')) continue
    const html = await answer.text()
    pages.push({ path, kind: k, status: answer.status(), html })
    for (const [, href] of html.matchAll(/<a\b[^>]*?\bhref="([^"]+)"/g)) {
      queue.push(new URL(href.replaceAll('&amp;', '&').replaceAll('&#43;', '+'), address).href)
    }
  }
  return pages
}
