// A short message centre by the npm package smpp, and the telephones behind it: what they got, and what they write.
import smpp from 'smpp'

export async function centre() {
  const phones = new Map() // number -> texts, the parts of a long one put together
  const parts = new Map()
  let sessions = [] // bound and open
  let last = 0
  const keep = (number, text) => phones.set(number, [...(phones.get(number) ?? []), text])
  const server = smpp.createServer((session) => {
    session.on('close', () => { sessions = sessions.filter((other) => other !== session) })
    session.on('bind_transceiver', (pdu) => { sessions.push(session); session.send(pdu.response()) })
    session.on('enquire_link', (pdu) => session.send(pdu.response()))
    session.on('unbind', (pdu) => { session.send(pdu.response()); session.close() })
    session.on('error', () => {})
    session.on('submit_sm', (pdu) => {
      const id = String(++last)
      session.send(pdu.response({ message_id: id }))
      const { message, udh } = pdu.short_message
      const text = typeof message === 'string' ? message : message.toString('utf16le')
      const head = udh?.[0]?.length ? udh[0] : udh
      if (head?.length >= 5) {
        const [reference, of, n] = [...head].slice(-3)
        const key = `${pdu.destination_addr}/${reference}`
        const got = parts.set(key, { ...parts.get(key), [n]: text }).get(key)
        if (Object.keys(got).length === of) keep(pdu.destination_addr, Array.from({ length: of }, (_, i) => got[i + 1]).join(''))
      } else keep(pdu.destination_addr, text)
      session.deliver_sm({
        esm_class: 4, source_addr: pdu.destination_addr, destination_addr: pdu.source_addr,
        short_message: `id:${id} sub:001 dlvrd:001 submit date:2611250200 done date:2611250201 stat:DELIVRD err:000 text:`,
      })
    })
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  return {
    port: server.address().port,
    got: (number) => phones.get(number) ?? [],
    numbers: () => [...phones.keys()],
    write: (from, text) => sessions.at(-1).deliver_sm({ source_addr: from, source_addr_ton: 1, destination_addr: '8000', data_coding: 8, short_message: text }),
    close: () => { for (const session of [...sessions]) session.destroy(); server.close() },
  }
}
