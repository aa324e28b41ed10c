/** The stand-in server's files: what arrived, and how the next ones are treated. */
import type { IncomingMessage } from 'node:http'
import type { ErrorCode, FileShape } from '@parley/protocol'

export class FakeFiles {
  readonly stored = new Map<string, FileShape>()
  /** Every upload that arrived whole, `name:text`, in order. */
  readonly arrived: string[] = []
  /** How the next ones are answered, in turn: refused, or cut off before the answer. */
  readonly failures: (ErrorCode | 'cut')[] = []
  /** While set, answers wait. */
  gate: Promise<void> | null = null
  #count = 0

  async take(request: IncomingMessage, body: Buffer): Promise<FileShape | ErrorCode | 'cut'> {
    const headers = { 'content-type': request.headers['content-type'] ?? '' }
    const file = (await new Response(new Uint8Array(body), { headers }).formData()).get('file') as File
    this.arrived.push(`${file.name}:${await file.text()}`)
    await this.gate
    const failure = this.failures.shift()
    if (failure !== undefined) return failure
    const shape = { id: `f${++this.#count}`, name: file.name, type: file.type, bytes: file.size }
    this.stored.set(shape.id, shape)
    return shape
  }
}
