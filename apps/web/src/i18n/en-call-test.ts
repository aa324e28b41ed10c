/** The English of the self-test of calls and of their settings; loaded with them. */
export const callTest = {
  title: 'Test calls',
  intro:
    'Looks, one after the other, whether this device, its network and the server can carry calls. It takes about half a minute. Nobody sees or hears you.',
  ask: 'Your browser will ask whether Parley may use the camera and the microphone. Say a few words while it listens.',
  start: 'Start the test',
  again: 'Test again',
  stop: 'Stop',
  copy: 'Copy the report',
  copied: 'The report was copied',
  copyFailed: 'The report could not be copied.',
  running: 'Testing…',
  steps: 'Steps of the test',
  step: {
    page: 'This page',
    camera: 'Camera',
    microphone: 'Microphone',
    speakers: 'Speakers',
    server: 'Connection to the server',
    stun: 'Own address (STUN)',
    turn: 'Relay (TURN)',
    path: 'Line',
    sfu: 'Media servers for large calls',
  },
  transport: { udp: 'over UDP', tcp: 'over TCP', tls: 'over TLS' },
  doing: {
    page: 'Looking…',
    camera: 'Looking through the camera…',
    microphone: 'Listening… Say a few words.',
    speakers: 'Playing a tone…',
    server: 'Asking the server…',
    stun: 'Asking which address the world sees…',
    turn: 'Asking for a relay…',
    path: 'Sending for three seconds…',
    sfu: 'Asking the server…',
  },
  heard: 'Did you hear a tone?',
  heardYes: 'Yes',
  heardNo: 'No',
  heardAgain: 'Play it again',
  level: {
    good: 'good',
    note: 'note',
    warning: 'warning',
    fault: 'fault',
    skipped: 'left out',
  },
  result: {
    good: 'Everything works: you can call.',
    note: 'You can call. Notes are below.',
    warning: 'Calls work, but not for everybody or not well: see below.',
    fault: 'Something is wrong: see below.',
    skipped: 'Nothing was tested.',
  },
  verdict: {
    skipped: 'Left out, because something before it failed.',
    pageGood: 'The address is secure, and this browser can call.',
    pageInsecure:
      'The address does not begin with https, and browsers then give no page a camera or a microphone. Whoever runs this server has to set up TLS.',
    pageUnsupported:
      'This browser has no WebRTC, or it is switched off. Use a current Firefox, Chrome, Edge or Safari.',
    cameraGood: 'The camera sends a picture ({{size}}).',
    cameraDenied:
      'The browser does not let Parley use the camera. Click the sign beside the address at the top, allow the camera there, and test again. If nothing is to be allowed there, look at your system’s settings for privacy.',
    cameraMissing:
      'No camera was found. Calls with sound work; for your picture plug one in, or look whether the system knows it.',
    cameraBusy:
      'The camera is there but cannot be opened: another program probably uses it. Close that program and test again.',
    cameraUnknown: 'The camera could not be opened. Unplug it and plug it in again, then test again.',
    cameraNoPicture:
      'The camera is open but sends no picture. Look whether it has a switch, or choose another one in the settings.',
    cameraBlack:
      'The picture is black. Open the cover in front of the lens, switch on a light, or choose another camera in the settings.',
    microphoneGood: 'The microphone hears you ({{decibels}} dB).',
    microphoneDenied:
      'The browser does not let Parley use the microphone. Click the sign beside the address at the top, allow the microphone there, and test again. If nothing is to be allowed there, look at your system’s settings for privacy.',
    microphoneMissing: 'No microphone was found. Plug one in, or look whether the system knows it.',
    microphoneBusy:
      'The microphone is there but cannot be opened: another program probably uses it. Close that program and test again.',
    microphoneUnknown: 'The microphone could not be opened. Unplug it and plug it in again, then test again.',
    microphoneSilent:
      'The microphone “{{label}}” is silent: nothing at all came from it. Look for a switch on it or on the headset, turn it up in the system’s settings, or choose another one in the settings.',
    microphoneQuiet:
      'The microphone “{{label}}” heard almost nothing. If you spoke, come closer, or turn it up in the system’s settings.',
    microphoneUnheard: 'The microphone is open, but the browser did not let the test listen. Test again.',
    speakersGood: 'You heard the tone.',
    speakersUnheard:
      'You heard nothing. Turn up the sound of the system and of this browser, look whether the tab is muted, or choose another speaker in the settings.',
    speakersRefused:
      'The browser plays no sound. Allow sound for this page beside the address, and test again.',
    serverGood: 'Connected, and calls answer within {{ms}} ms.',
    serverStandby:
      'Connected, but only over the stand-by link ({{ms}} ms): a network on the way blocks WebSocket. Calls ring later. Whoever runs the server should look whether its proxy passes WebSocket on.',
    serverOffline: 'There is no connection to the server. Check your network, then test again.',
    serverNoCalls:
      'The server did not answer what concerns calls. Whoever runs it should look whether its role “calls” is running.',
    stunGood: 'The server’s STUN answered within {{ms}} ms, so a direct way to others can be found.',
    stunSame: 'Your device has the address that the world sees; nothing stands in between.',
    stunNone:
      'This server names no STUN. Within one network calls find their way; else they go through a relay.',
    stunUnreachable:
      'STUN did not answer. A firewall on your side probably blocks UDP, or the address in the server’s settings is wrong. Then a relay has to carry calls.',
    turnGood: 'The relay answered within {{ms}} ms.',
    turnNone:
      'This server names no relay (TURN). People behind strict firewalls cannot be called. Whoever runs the server should set one up.',
    turnSecret:
      'The relay does not accept the server’s word (401): its secret differs from that in Parley’s settings. Whoever runs the server has to make the two alike.',
    turnUnreachable:
      'The relay cannot be reached this way. Its port is closed, a firewall on the way blocks it, its certificate does not fit, or the address in the server’s settings is wrong.',
    turnNothing: 'The relay gave nothing, and the browser does not say why. Test again with another browser.',
    turnFull: 'The relay has no place left at the moment. Try again later, or tell whoever runs the server.',
    turnRefused: 'The relay refused (code {{code}}). Tell whoever runs the server.',
    pathRelayGood:
      'Through the relay: {{kilobits}} kbit/s, {{ms}} ms there and back, {{percent}} % lost. Good for sound and pictures.',
    pathDirectGood:
      'Without a relay: {{kilobits}} kbit/s, {{ms}} ms there and back, {{percent}} % lost. Good for sound and pictures.',
    pathRelayNone:
      'A relay was given, but nothing goes through it. Its ports for media (49152–65535 of UDP by default) are probably closed. Whoever runs the server has to open them.',
    pathDirectNone:
      'Two connections of this browser do not find each other. Something on this device blocks WebRTC: an extension, a VPN or a firewall.',
    pathBad:
      'The line carries no call: {{kilobits}} kbit/s, {{ms}} ms there and back, {{percent}} % lost. Come closer to the Wi-Fi, use a cable, or stop what else is downloading.',
    pathLossy:
      'The line loses {{percent}} % of what is sent ({{kilobits}} kbit/s, {{ms}} ms): sound and pictures will stutter. Come closer to the Wi-Fi, or use a cable.',
    pathNarrow:
      'The line carries {{kilobits}} kbit/s ({{ms}} ms, {{percent}} % lost): enough for sound; pictures will be small.',
    pathSlow:
      'It takes {{ms}} ms there and back ({{kilobits}} kbit/s, {{percent}} % lost): people will talk at the same time by accident. A cable instead of Wi-Fi or mobile data may help.',
    sfuGood: '{{up}} of {{configured}} answer: large calls work.',
    sfuNone: 'None is set up. Calls hold four people with pictures, eight with sound alone.',
    sfuSome:
      '{{up}} of {{configured}} answer. Large calls work; whoever runs the server should look at the others.',
    sfuDown:
      'None of {{configured}} answers, so larger calls are refused. Whoever runs the server should look whether Janus is running.',
  },
  report: {
    title: 'Parley: test of calls',
    when: 'When',
    browser: 'Browser',
    address: 'Address',
  },
  settings: {
    heading: 'Calls',
    devices: 'Devices',
    allow: 'Show the names of devices',
    allowHint: 'Browsers tell them only when Parley may use the microphone or the camera.',
    allowFailed: 'The browser does not let Parley use them.',
    pushToTalk: 'Hold the space bar to talk while the microphone is off',
    letterKeys: 'In a call, M switches the microphone, V the camera and S the screen',
    relayOnly: 'Hide my network address',
    relayHint:
      'The other people in a call then see only the address of the server’s relay. From the next call on; it may take a little longer, and needs a relay (TURN).',
    ring: 'Ring aloud on this device',
    ringHint: 'It stays silent while you do not want to be disturbed.',
    test: 'Test calls on this device',
    testHint: 'Looks whether camera, microphone, network and server can carry calls.',
    failed: 'The present call cannot use this device.',
  },
}
