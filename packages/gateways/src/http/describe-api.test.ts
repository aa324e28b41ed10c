import { type ErrorCode, errorCatalogue } from '@parley/protocol'
import * as limit from '@parley/protocol/limits'
import { expect, test } from 'vitest'
import { startGateway } from './testing/start-gateway.ts'

interface Operation {
  operationId?: string
  summary?: string
  security?: unknown[]
  parameters?: { name: string; in: string; required: boolean; schema: Record<string, unknown> }[]
  requestBody?: { required: boolean; content: { 'application/json': { schema: Schema } } }
  responses: Record<string, { description: string; content?: Record<string, { schema: unknown }> }>
}
interface Schema {
  properties: Record<string, Record<string, unknown>>
}
interface Document {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, unknown>; securitySchemes: object }
}

async function readDocument(): Promise<Document> {
  const { call } = await startGateway()
  return (await call('GET', '/api/openapi.json', undefined, {})).json<Document>()
}

const operations = (document: Document) =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )

/** The table of the contract; files, notifications and calls come with their roles. */
const CONTRACT = `
POST /auth/register | POST /auth/login | POST /auth/refresh | POST /auth/logout | POST /auth/password
GET /auth/devices | DELETE /auth/devices/{id} | GET /users/me | PATCH /users/me | GET /users | GET /users/{id}
POST /rooms | GET /rooms | GET /rooms/search | GET /rooms/{id} | PATCH /rooms/{id} | DELETE /rooms/{id}
POST /rooms/{id}/join | POST /rooms/{id}/leave | GET /rooms/{id}/members | POST /rooms/{id}/members
PATCH /rooms/{id}/members/{user_id} | DELETE /rooms/{id}/members/{user_id}
POST /rooms/{id}/messages | GET /rooms/{id}/messages | GET /rooms/{id}/messages/{seq}
PATCH /rooms/{id}/messages/{seq} | DELETE /rooms/{id}/messages/{seq}
PUT /rooms/{id}/messages/{seq}/reactions/{emoji} | DELETE /rooms/{id}/messages/{seq}/reactions/{emoji}
GET /rooms/{id}/log | GET /search | GET /stream | POST /stream/{session}`

test('the document holds every call of the contract', async () => {
  const document = await readDocument()
  expect(document.openapi).toBe('3.1.0')
  const described = operations(document).map(({ method, path }) => `${method.toUpperCase()} ${path}`)
  for (const line of CONTRACT.split(/[|\n]/).map((text) => text.trim())) {
    if (line !== '') expect(described).toContain(line.replace(' ', ' /api/v1'))
  }
  expect(described).toEqual(
    expect.arrayContaining(['GET /healthz', 'GET /readyz', 'GET /metrics', 'POST /api/room/create/']),
  )
})

test('every operation has a name of its own, a summary and a success', async () => {
  const all = operations(await readDocument())
  expect(new Set(all.map(({ operation }) => operation.operationId)).size).toBe(all.length)
  for (const { path, method, operation } of all) {
    expect([method, path, operation.operationId, operation.summary]).toEqual([
      method,
      path,
      expect.any(String),
      expect.any(String),
    ])
    expect([method, path, Object.keys(operation.responses)]).toEqual([
      method,
      path,
      expect.arrayContaining([expect.stringMatching(/^2/)]),
    ])
  }
})

test('what needs credentials says so, and the rest does not', async () => {
  const { call } = await startGateway()
  const open: string[] = []
  for (const { path, method, operation } of operations(await readDocument())) {
    const url = path.replace(/\{[^}]+\}/g, '1')
    const body = method === 'get' ? undefined : { refresh_token: 'good' }
    const { statusCode } = await call(method.toUpperCase() as 'GET', url, body, {})
    const secured = operation.security !== undefined
    expect([method, path, statusCode === 401]).toEqual([method, path, secured])
    if (!secured) open.push(path)
  }
  expect(open).toHaveLength(16)
})

test('answers that are neither a success nor an error are listed too', async () => {
  const { paths } = await readDocument()
  const answers = (path: string, method: string) => Object.keys(paths[path]?.[method]?.responses ?? {})
  for (const path of ['/api/v1/files/{id}', '/api/v1/files/{id}/thumbnail'])
    expect(answers(path, 'get')).toEqual(expect.arrayContaining(['200', '206', '304']))
})

test('errors are listed with their status and one shape', async () => {
  const document = await readDocument()
  for (const { path, method, operation } of operations(document)) {
    for (const [status, answer] of Object.entries(operation.responses).filter(
      ([status]) => status >= '400',
    )) {
      const codes = [...answer.description.matchAll(/`(\w+)`/g)].map((match) => match[1] as ErrorCode)
      expect([method, path, status, codes.length > 0]).toEqual([method, path, status, true])
      for (const code of codes)
        expect([path, code, errorCatalogue[code].status]).toEqual([path, code, Number(status)])
      expect(answer.content).toEqual({
        'application/json': { schema: { $ref: '#/components/schemas/Error' } },
      })
    }
  }
})

test('references lead somewhere and nothing lies around unused', async () => {
  const document = await readDocument()
  const text = JSON.stringify(document)
  const used = new Set([...text.matchAll(/#\/components\/schemas\/(\w+)/g)].map((match) => match[1] ?? ''))
  expect([...used].sort()).toEqual(Object.keys(document.components.schemas).sort())
})

test('bounds appear where they hold', async () => {
  const { paths } = await readDocument()
  const body = (path: string, method = 'post') =>
    paths[`/api/v1${path}`]?.[method]?.requestBody?.content['application/json'].schema.properties
  expect(body('/auth/register')).toMatchObject({
    username: { minLength: limit.USERNAME_MIN_CHARS, maxLength: limit.USERNAME_MAX_CHARS },
    password: { minLength: limit.PASSWORD_MIN_CHARS, maxLength: limit.PASSWORD_MAX_CHARS },
    email: { maxLength: limit.EMAIL_MAX_CHARS },
    display_name: { minLength: 1, maxLength: limit.NAME_MAX_CHARS },
  })
  expect(body('/rooms')).toMatchObject({
    name: { minLength: 1, maxLength: limit.NAME_MAX_CHARS },
    usernames: { maxItems: limit.GROUP_NAMES_MAX },
  })
  expect(body('/rooms/{id}/messages')).toMatchObject({
    client_id: { minLength: limit.CLIENT_ID_MIN_CHARS, maxLength: limit.CLIENT_ID_MAX_CHARS },
    body: { maxLength: limit.BODY_MAX_CHARS },
    file_ids: { maxItems: limit.FILES_PER_MESSAGE_MAX },
  })
  const listed = paths['/api/v1/rooms/{id}/messages']?.get?.parameters ?? []
  expect(listed.map(({ name, in: place, required }) => [name, place, required])).toEqual([
    ['before', 'query', false],
    ['after', 'query', false],
    ['around', 'query', false],
    ['limit', 'query', false],
    ['id', 'path', true],
  ])
  expect(listed[3]?.schema).toEqual({
    type: 'integer',
    minimum: 1,
    maximum: limit.LIST_MAX_ITEMS,
    default: limit.LIST_DEFAULT_ITEMS,
  })
  expect(paths['/api/v1/auth/refresh']?.post?.requestBody?.required).toBe(false)
  expect(paths['/api/v1/files']?.post?.requestBody).toEqual({
    required: true,
    content: {
      'multipart/form-data': {
        schema: {
          type: 'object',
          required: ['file'],
          properties: { file: { type: 'string', format: 'binary', description: expect.any(String) } },
        },
      },
    },
  })
})

test('the browser of the document runs without inline scripts or styles', async () => {
  const { call } = await startGateway()
  const page = await call('GET', '/api/docs/', undefined, {})
  expect([page.statusCode, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
  expect(page.headers['content-security-policy']).toMatch(/script-src 'self'; style-src 'self'/)
  expect(page.body).not.toMatch(/<script>|<style|javascript:| on\w+=/)
  for (const file of ['swagger-ui-bundle.js', 'swagger-initializer.js', 'swagger-ui.css']) {
    const asset = await call('GET', `/api/docs/static/${file}`, undefined, {})
    expect([file, asset.statusCode]).toEqual([file, 200])
  }
})
