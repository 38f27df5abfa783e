// A short message centre by the npm package smpp, whose folder is the argument. It prints its address.
const smpp = require(process.argv[2])
const server = smpp.createServer((session) => {
  session.on('bind_transceiver', (pdu) => {
    session.send(pdu.response({ command_status: pdu.password === 'secret' ? smpp.ESME_ROK : smpp.ESME_RINVPASWD }))
  })
  session.on('submit_sm', (pdu) => {
    const text = pdu.short_message.message
    session.send(pdu.response({ message_id: Buffer.from(text, 'utf8').toString('latin1') }))
    session.deliver_sm({ esm_class: 4, source_addr: pdu.destination_addr, destination_addr: pdu.source_addr, short_message: 'id:1 sub:001 dlvrd:001 stat:DELIVRD err:000 text:' })
    session.deliver_sm({ source_addr: pdu.destination_addr, destination_addr: pdu.source_addr, data_coding: 8, short_message: 'THÔI' })
  })
  session.on('enquire_link', (pdu) => session.send(pdu.response()))
  session.on('unbind', (pdu) => { session.send(pdu.response()); session.close() })
  session.on('error', () => {})
})
server.listen(0, '127.0.0.1', () => console.log(`127.0.0.1:${server.address().port}`))
