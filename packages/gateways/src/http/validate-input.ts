import { ParleyError } from '@parley/protocol'
import type { FastifySchemaCompiler } from 'fastify'
import type { z } from 'zod'

type Issue = z.core.$ZodRawIssue

/**
 * Validates bodies, queries and paths with zod. Throws `invalid_request` whose details give one sentence a field;
 * for a path that holds no legal id `not_found`, since nothing can be there.
 */
export const validateInput: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  const part = httpPart === 'body' ? 'body' : 'query'
  return (data: unknown) => {
    const result = schema.safeParse(data, { error: describeIssue })
    if (result.success) return { value: result.data }
    const fields = Object.fromEntries(
      result.error.issues.flatMap((issue) =>
        pathsOf(issue).map((path) => [path.map(String).join('.') || part, issue.message]),
      ),
    )
    if (httpPart === 'params' && !namesOnlyEmoji(fields)) return { error: new ParleyError('not_found') }
    return { error: new ParleyError('invalid_request', { details: { fields } }) }
  }
}

/** Keys that a record does not have are fields of their own. */
function pathsOf(issue: z.core.$ZodIssue): PropertyKey[][] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => [...issue.path, key])
  return [issue.path]
}

/** An emoji in a path is content, not an address. */
function namesOnlyEmoji(fields: Record<string, string>): boolean {
  const names = Object.keys(fields)
  return names.length === 1 && names[0] === 'emoji'
}

/** One sentence a person understands, to be read after the field's name; a schema's own message wins over it. */
function describeIssue(issue: Issue): string | undefined {
  const isGiven = issue.input !== undefined && issue.input !== null
  if (!isGiven && (issue.code === 'invalid_type' || issue.code === 'invalid_value')) return 'is missing'
  switch (issue.code) {
    case 'invalid_type':
      if (Array.isArray(issue.input) && issue.expected !== 'array') return 'must be given once'
      return `must be of type ${issue.expected}`
    case 'too_big':
      return `must be at most ${issue.maximum}${unit(issue.origin)}`
    case 'too_small':
      return `must be at least ${issue.minimum}${unit(issue.origin)}`
    case 'invalid_value':
      return `must be one of ${issue.values.join(', ')}`
    case 'invalid_key':
    case 'unrecognized_keys':
      return 'is not known'
    default:
      return undefined
  }
}

function unit(origin: string): string {
  if (origin === 'string') return ' characters'
  return origin === 'array' ? ' items' : ''
}
