import fastifySwagger from '@fastify/swagger'
import fastifySwaggerUi from '@fastify/swagger-ui'
import { type ErrorCode, errorCatalogue, publishedLimits } from '@parley/protocol'
import { errorBody } from '@parley/protocol/rest'
import type { RouteOptions } from 'fastify'
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { ACCESS_COOKIE } from '../shared/credentials.ts'
import { bounds, components } from './api-schemas.ts'
import type { App } from './gateway-types.ts'
import { FILE_FIELD } from './receive-file.ts'
import { docsPolicy } from './security-headers.ts'

type JsonObject = Record<string, unknown>

const DESCRIPTION = `Real-time chat. Times are milliseconds since the epoch, ids are opaque.
Errors share one shape; \`code\` is stable, \`message\` is for a person.
With the cookie instead of a Bearer token, every method but GET and HEAD needs an allowed \`Origin\`.
The socket is \`GET /ws\`; see the protocol documentation. Bounds of the whole contract, as \`hello\` tells them:

${Object.entries(publishedLimits)
  .map(([name, bound]) => `- \`${name}\`: ${bound}`)
  .join('\n')}`

/** OpenAPI 3.1 made from the schemas that validate, and a browser for it. Routes must be registered afterwards. */
export async function describeApi(app: App, version: string): Promise<void> {
  const registry = z.registry<{ id?: string }>()
  for (const [id, schema] of Object.entries(components)) registry.add(schema, { id })
  registry.add(errorBody, { id: 'Error' })
  const zodToJsonConfig = { override: addFacts }
  const transform = createJsonSchemaTransform({ schemaRegistry: registry, zodToJsonConfig })
  const transformObject = createJsonSchemaTransformObject({ schemaRegistry: registry, zodToJsonConfig })

  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Parley', version, description: DESCRIPTION, license: { name: 'MIT' } },
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
          cookie: { type: 'apiKey', in: 'cookie', name: ACCESS_COOKIE },
        },
      },
    },
    transform(input) {
      const { schema, url } = transform(input)
      return { schema: schema?.hide === true ? schema : completeOperation(schema ?? {}, input.route), url }
    },
    transformObject: (document) => keepUsedSchemas(transformObject(document)),
  })
  await app.register(fastifySwaggerUi, {
    routePrefix: '/api/docs',
    staticCSP: docsPolicy,
    theme: { title: 'Parley API' },
    uiConfig: { docExpansion: 'list', deepLinking: true, tryItOutEnabled: false },
  })
}

/** A body that is read as it comes, past validation. */
const FILE_FORM = {
  type: 'object',
  required: [FILE_FIELD],
  properties: {
    [FILE_FIELD]: { type: 'string', format: 'binary', description: 'its bytes, with a file name' },
  },
}

/** Adds what a route's access, body and parameters imply: security and every error it can answer. */
function completeOperation(schema: object, route: RouteOptions): JsonObject {
  const operation: JsonObject = { ...schema }
  const config = route.config ?? {}
  if (config.access === 'user') operation.security = [{ bearer: [] }, { cookie: [] }]
  if (config.streams === true) operation.body = FILE_FORM
  const responses: JsonObject = {}
  for (const [status, answer] of Object.entries(asObject(operation.response))) {
    responses[status] = describeAnswer(asObject(answer))
  }
  const byStatus = Map.groupBy(impliedErrors(route), (code) => errorCatalogue[code].status)
  for (const [status, codes] of [...byStatus].sort(([a], [b]) => a - b)) {
    responses[status] = {
      description: codes.map((code) => `\`${code}\``).join(', '),
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      ...(status === 429 || status === 503 ? { headers: retryAfter } : {}),
    }
  }
  operation.response = responses
  return operation
}

const retryAfter = {
  'Retry-After': { type: 'integer', minimum: 1, description: 'whole seconds until it is worth trying again' },
}

function describeAnswer(answer: JsonObject): JsonObject {
  if (answer.type === 'null') return { ...answer, description: 'Done.' }
  if (answer.content !== undefined) return { description: 'Success.', ...answer }
  return { description: 'Success.', content: { 'application/json': { schema: answer } } }
}

function impliedErrors(route: RouteOptions): ErrorCode[] {
  const { access, errors = [] } = route.config ?? {}
  const safe = route.method === 'GET' || route.method === 'HEAD'
  const codes: ErrorCode[] = [...errors]
  if (route.schema?.querystring !== undefined) codes.push('invalid_request')
  if (route.schema?.body !== undefined) {
    codes.push('invalid_request', 'invalid_json', 'too_large', 'unsupported_media_type')
  }
  if (route.schema?.params !== undefined) codes.push('not_found')
  if (access === 'user') codes.push('unauthenticated', 'token_expired')
  if (access !== undefined) {
    if (!safe) codes.push('bad_origin')
    codes.push('rate_limited', 'overloaded', 'unavailable')
  }
  return [...new Set(codes)]
}

/** Bounds that a refinement checks and JSON schema could not see, and the descriptions zod keeps elsewhere. */
function addFacts(context: { zodSchema: z.core.$ZodType; jsonSchema: object }): void {
  const { zodSchema, jsonSchema } = context
  const description = z.globalRegistry.get(zodSchema)?.description
  if (description !== undefined) Object.assign(jsonSchema, { description })
  if (zodSchema._zod.def.type === 'undefined') Object.assign(jsonSchema, { type: 'null' })
  // Answers may grow: a client must not refuse a field it does not know.
  if (Reflect.get(jsonSchema, 'additionalProperties') === false)
    Reflect.deleteProperty(jsonSchema, 'additionalProperties')
  const facts = bounds.get(zodSchema)
  if (facts !== undefined) Object.assign(jsonSchema, facts)
}

/** Each shape exists for input and for output; only those that something refers to stay. */
function keepUsedSchemas<Document extends object>(document: Document): Document {
  const components = asObject(Reflect.get(document, 'components'))
  const schemas = asObject(components.schemas)
  const used = new Set<string>()
  const queue: unknown[] = [Reflect.get(document, 'paths')]
  while (queue.length > 0) {
    const value = queue.pop()
    if (typeof value !== 'object' || value === null) continue
    for (const [key, inner] of Object.entries(value)) {
      const name = key === '$ref' && typeof inner === 'string' ? inner.split('/').at(-1) : undefined
      if (name !== undefined && !used.has(name)) {
        used.add(name)
        queue.push(schemas[name])
      }
      queue.push(inner)
    }
  }
  components.schemas = Object.fromEntries(Object.entries(schemas).filter(([name]) => used.has(name)))
  markOptionalBodies(asObject(Reflect.get(document, 'paths')))
  return document
}

/** Fastify's plugin calls every body required; one that may be null may as well be left out. */
function markOptionalBodies(paths: JsonObject): void {
  for (const operation of Object.values(paths).flatMap((path) => Object.values(asObject(path)))) {
    const body = asObject(asObject(operation).requestBody)
    const json = asObject(asObject(asObject(body.content)['application/json']).schema)
    if (!Array.isArray(json.anyOf)) continue
    if (json.anyOf.some((branch) => asObject(branch).type === 'null')) body.required = false
  }
}

function asObject(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null ? (value as JsonObject) : {}
}
