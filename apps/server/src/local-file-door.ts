/** The way of bytes within a process: open once the role that keeps files has started. */
import type { FileDoor } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'

export interface LocalFileDoor {
  readonly door: FileDoor
  connect(door: FileDoor): void
}

export function createLocalFileDoor(): LocalFileDoor {
  let target: FileDoor | undefined
  const reach = (): FileDoor => {
    if (target === undefined) throw new ParleyError('unavailable')
    return target
  }
  return {
    door: {
      upload: async (input, content, context) => reach().upload(input, content, context),
      open: async (request, context) => reach().open(request, context),
    },
    connect(door) {
      target = door
    },
  }
}
