/**
 * What the sessions store does in Redis, each step a Lua script: it runs whole, with nothing in between, whichever
 * replica of the service asks.
 *
 * All keys carry the hash tag `{sessions}`, so that in a cluster they share a slot and a script may use them together.
 * Every script is given all of them, in this order, and after each change they are kept for another day: when the last
 * process of a deployment is gone, so is, a day later, what it left.
 */
import { defineScript } from './script.ts'

export const sessionsKeys = [
  /** Hash: user → JSON list of their connections. No user without one. */
  'parley:{sessions}:users',
  /** Sorted by name: `gateway:user:connection`, so that a gateway's connections are a range. */
  'parley:{sessions}:owned',
  /** Sorted by the end of the lease: gateways. */
  'parley:{sessions}:gateways',
  /** Hash: gateway that renewed its lease → its url, or nothing. */
  'parley:{sessions}:known',
  /** Sorted by name: users who are connected, or whose absence was not told yet. */
  'parley:{sessions}:shown',
  /** Sorted by the time they left: users without connections. Those gone longest are forgotten. */
  'parley:{sessions}:gone',
  /** Hash: such a user → the state until then. */
  'parley:{sessions}:gone-states',
  /** Hash: user → the state told last; no user who was told offline. */
  'parley:{sessions}:told',
  /** Sorted by the time from which anybody may look: users about whom something may have to be told. */
  'parley:{sessions}:looks',
] as const

const KEPT_MS = 86_400_000

const PRELUDE = `
  local users, owned, gateways, known, shown = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
  local gone, gone_states, told, looks = KEYS[6], KEYS[7], KEYS[8], KEYS[9]

  local function keep_keys()
    for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ${KEPT_MS}) end
  end

  local function connections_of(user)
    local text = redis.call('HGET', users, user)
    return text and cjson.decode(text) or {}
  end

  local function write_connections(user, connections)
    if #connections == 0 then
      redis.call('HDEL', users, user)
    else
      redis.call('HSET', users, user, cjson.encode(connections))
    end
  end

  local function owned_name(gateway, user, id) return gateway .. ':' .. user .. ':' .. id end
`

/** Takes one connection out; with a user's last the time is remembered, and who is gone longest is forgotten. */
const TAKE_OUT = `
  local function take_out(user, id, at, look_at, gone_max)
    local connections, taken = connections_of(user), nil
    for place, connection in ipairs(connections) do
      if connection.id == id then
        taken = table.remove(connections, place)
        break
      end
    end
    if not taken then return false end
    redis.call('ZREM', owned, owned_name(taken.gateway, user, id))
    write_connections(user, connections)
    redis.call('ZADD', looks, look_at, user)
    if #connections == 0 then
      redis.call('ZADD', gone, at, user)
      redis.call('HSET', gone_states, user, taken.state)
      local excess = redis.call('ZCARD', gone) - gone_max
      if excess > 0 then
        for _, longest in ipairs(redis.call('ZRANGE', gone, 0, excess - 1)) do
          redis.call('ZREM', gone, longest)
          redis.call('HDEL', gone_states, longest)
          redis.call('ZREM', shown, longest)
        end
      end
    end
    return true
  end
`

/** user, id, gateway, connection as JSON, max, leaseUntil, lookAt → 1, or 0 when the user has too many others. */
export const addConnection = defineScript(`${PRELUDE}
  local user, id, gateway = ARGV[1], ARGV[2], ARGV[3]
  local connections = connections_of(user)
  local place = #connections + 1
  for at, connection in ipairs(connections) do
    if connection.id == id then place = at end
  end
  if place > tonumber(ARGV[5]) then return 0 end
  if connections[place] then redis.call('ZREM', owned, owned_name(connections[place].gateway, user, id)) end
  connections[place] = cjson.decode(ARGV[4])
  write_connections(user, connections)
  redis.call('ZADD', owned, 0, owned_name(gateway, user, id))
  redis.call('ZADD', gateways, 'NX', ARGV[6], gateway)
  redis.call('ZADD', shown, 0, user)
  redis.call('ZREM', gone, user)
  redis.call('HDEL', gone_states, user)
  redis.call('ZADD', looks, ARGV[7], user)
  keep_keys()
  return 1
`)

/** user, id, state, lookAt → 1, or 0 when it is not there. */
export const setConnectionState = defineScript(`${PRELUDE}
  local user, id = ARGV[1], ARGV[2]
  local connections = connections_of(user)
  for _, connection in ipairs(connections) do
    if connection.id == id then
      connection.state = ARGV[3]
      write_connections(user, connections)
      redis.call('ZADD', looks, ARGV[4], user)
      keep_keys()
      return 1
    end
  end
  return 0
`)

/** user, id, at, lookAt, goneMax → 1, or 0 when it is not there. */
export const removeConnection = defineScript(`${PRELUDE}${TAKE_OUT}
  if not take_out(ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])) then return 0 end
  keep_keys()
  return 1
`)

/** users… → for each: connections as JSON or '', the time they left or '', the state until then. */
export const readUsers = defineScript(`${PRELUDE}
  local found = {}
  for _, user in ipairs(ARGV) do
    found[#found + 1] = redis.call('HGET', users, user) or ''
    found[#found + 1] = redis.call('ZSCORE', gone, user) or ''
    found[#found + 1] = redis.call('HGET', gone_states, user) or ''
  end
  return found
`)

/** after, limit, leftAfter → users in order of name. Those who are told offline left the list, so few are passed over. */
export const listUsers = defineScript(`${PRELUDE}
  local limit, left_after = tonumber(ARGV[2]), tonumber(ARGV[3])
  local found = {}
  local from = ARGV[1] == '' and '-' or '(' .. ARGV[1]
  while #found < limit do
    local page = redis.call('ZRANGEBYLEX', shown, from, '+', 'LIMIT', 0, limit)
    if #page == 0 then break end
    for _, user in ipairs(page) do
      local left = redis.call('ZSCORE', gone, user)
      if #found < limit and (not left or tonumber(left) > left_after) then found[#found + 1] = user end
    end
    from = '(' .. page[#page]
  end
  return found
`)

/** gateway, leaseUntil, url or '' → 1 when it had renewed before. */
export const renewGateway = defineScript(`${PRELUDE}
  local was_known = redis.call('HEXISTS', known, ARGV[1])
  redis.call('ZADD', gateways, ARGV[2], ARGV[1])
  redis.call('HSET', known, ARGV[1], ARGV[3])
  keep_keys()
  return was_known
`)

/** gateway → its url, or ''. */
export const findGateway = defineScript(`${PRELUDE}
  return redis.call('HGET', known, ARGV[1]) or ''
`)

/**
 * now, lookAt, goneMax, connections at most, looks at most → 1 if there is more to remove, users concerned, users due.
 * A gateway is unknown from the first portion on, so that it opens its connections again if it lives after all.
 */
export const removeDeadGateways = defineScript(`${PRELUDE}${TAKE_OUT}
  local now, gone_max, remaining = ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4])
  local concerned = {}
  for _, gateway in ipairs(redis.call('ZRANGEBYSCORE', gateways, '-inf', now)) do
    if remaining == 0 then break end
    redis.call('HDEL', known, gateway)
    local from, to = '[' .. gateway .. ':', '(' .. gateway .. ';'
    for _, name in ipairs(redis.call('ZRANGEBYLEX', owned, from, to, 'LIMIT', 0, remaining)) do
      local user, id = string.match(name, '^[^:]*:([^:]*):(.*)$')
      take_out(user, id, now, ARGV[2], gone_max)
      redis.call('ZREM', owned, name)
      concerned[#concerned + 1] = user
      remaining = remaining - 1
    end
    if remaining > 0 then redis.call('ZREM', gateways, gateway) end
  end
  if #concerned > 0 then keep_keys() end
  local due = redis.call('ZRANGEBYSCORE', looks, '-inf', now, 'LIMIT', 0, ARGV[5])
  return { remaining == 0 and 1 or 0, concerned, due }
`)

/**
 * now, grace, users… → for each: state, the time they left or '', 1 if that was not told yet. The same rule as
 * \`describePresence\`; here, because between looking and remembering nothing may happen, or two replicas would tell it,
 * or an old state would be told last.
 */
export const lookAtUsers = defineScript(`${PRELUDE}
  local now, grace = tonumber(ARGV[1]), tonumber(ARGV[2])
  local found = {}
  for place = 3, #ARGV do
    local user, state, left = ARGV[place], 'offline', ''
    local connections = connections_of(user)
    if #connections > 0 then
      state = 'away'
      for _, connection in ipairs(connections) do
        if connection.state == 'online' then state = 'online' end
      end
    else
      left = redis.call('ZSCORE', gone, user) or ''
      if left ~= '' and now - tonumber(left) < grace then
        state = redis.call('HGET', gone_states, user) or 'offline'
      end
    end
    local changed = state ~= (redis.call('HGET', told, user) or 'offline')
    if state == 'offline' then
      redis.call('HDEL', told, user)
      redis.call('ZREM', shown, user)
    else
      redis.call('HSET', told, user, state)
    end
    if left ~= '' and state ~= 'offline' then
      redis.call('ZADD', looks, string.format('%.0f', tonumber(left) + grace), user)
    else
      redis.call('ZREM', looks, user)
    end
    found[#found + 1] = state
    found[#found + 1] = left
    found[#found + 1] = changed and '1' or '0'
  end
  keep_keys()
  return found
`)
