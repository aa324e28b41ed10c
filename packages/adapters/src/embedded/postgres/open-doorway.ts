import { closeSync, existsSync, openSync, rmSync } from 'node:fs'
import { chmod, mkdtemp, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SOCKET_PORT } from './server-settings.ts'

/** A path to the data directory, short enough for the socket in it to be connected to. */
export interface Doorway {
  readonly host: string
  close(): void
}

export type DoorwayKind = 'direct' | 'descriptor' | 'link'

/** `sockaddr_un` holds 108 bytes on Linux and 104 on macOS, the final NUL included. */
export const SOCKET_PATH_MAX_BYTES = 103

export function socketPath(host: string): string {
  return join(host, `.s.PGSQL.${SOCKET_PORT}`)
}

export function chooseDoorway(dataDirectory: string): DoorwayKind {
  if (Buffer.byteLength(socketPath(dataDirectory)) <= SOCKET_PATH_MAX_BYTES) return 'direct'
  return existsSync('/proc/self/fd') ? 'descriptor' : 'link'
}

/**
 * The socket always lies in the data directory itself: mode 0700, nothing to clean up after a crash, and a
 * server in another container that shares the directory can be seen there. Only the way to it differs.
 *
 * A deep directory is reached through an open descriptor, `/proc/<pid>/fd/<n>`: a directory in /tmp would be
 * swept away by systemd-tmpfiles after ten days. Where there is no /proc (macOS), a symbolic link in a
 * private temporary directory has to do.
 */
export async function openDoorway(
  dataDirectory: string,
  kind = chooseDoorway(dataDirectory),
): Promise<Doorway> {
  if (kind === 'direct') return { host: dataDirectory, close: () => undefined }
  if (kind === 'descriptor') {
    const descriptor = openSync(dataDirectory, 'r')
    return { host: `/proc/${process.pid}/fd/${descriptor}`, close: once(() => closeSync(descriptor)) }
  }
  const directory = await mkdtemp(join(tmpdir(), 'parley-'))
  await chmod(directory, 0o700)
  await symlink(dataDirectory, join(directory, 'pg'))
  return {
    host: join(directory, 'pg'),
    close: () => rmSync(directory, { recursive: true, force: true }),
  }
}

/** Closing a descriptor twice could close somebody else's. */
function once(action: () => void): () => void {
  let done = false
  return () => {
    if (!done) action()
    done = true
  }
}
