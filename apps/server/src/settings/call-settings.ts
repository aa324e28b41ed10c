/** Settings of calls. */
import { stunUrls, turnSecret, turnUrls } from './call-kinds.ts'
import { janusSettings } from './janus-settings.ts'
import { setting } from './setting.ts'

export const callSettings = {
  stunUrls: setting({
    env: 'PARLEY_STUN_URLS',
    flag: '--stun-urls',
    placeholder: 'list',
    fallback: undefined,
    parse: stunUrls,
    description:
      'STUN servers, separated by commas, such as `stun:turn.example.org:3478`: they tell a browser its address on the internet, so that calls between networks find a direct way. A TURN server does that too. For `calls`.',
  }),
  turnUrls: setting({
    env: 'PARLEY_TURN_URLS',
    flag: '--turn-urls',
    placeholder: 'list',
    fallback: undefined,
    parse: turnUrls,
    description:
      'TURN servers, separated by commas, such as `turn:turn.example.org:3478?transport=udp,turn:turn.example.org:3478?transport=tcp,turns:turn.example.org:5349?transport=tcp`: they relay sound and pictures where there is no direct way. `deploy/coturn` has a configuration; `parley doctor calls` looks at them. Not set: calls work inside one network. For `calls`.',
  }),
  turnSecret: setting({
    env: 'PARLEY_TURN_SECRET',
    flag: '--turn-secret',
    placeholder: 'secret',
    fallback: undefined,
    parse: turnSecret,
    description:
      'What Parley and the TURN servers share (`static-auth-secret` of coturn), needed with `PARLEY_TURN_URLS`: random text of at least 16 characters. Everybody in a call gets credentials made from it that expire after 12 h.',
    secret: true,
  }),
  ...janusSettings,
} as const
