import { PostgresStartFailed } from './errors.ts'

/** Part of the socket's file name only: no TCP port is opened. */
export const SOCKET_PORT = 5432

/** What the rest of this folder relies on; asking for another value is an error, not a wish ignored. */
const FIXED: Readonly<Record<string, string>> = {
  listen_addresses: '',
  port: `${SOCKET_PORT}`,
  // The server has changed into the data directory, mode 0700; an absolute path may not be open to it.
  unix_socket_directories: '.',
  unix_socket_permissions: '0700',
  log_destination: 'stderr',
  logging_collector: 'off',
  log_line_prefix: '%p ',
  log_min_messages: 'warning',
  lc_messages: 'C',
}

/** For one chat server with a small pool beside it on a small machine. Measured in docs/decisions/0002. */
const DEFAULTS: Readonly<Record<string, string>> = {
  cluster_name: 'parley',
  max_connections: '40',
  shared_buffers: '64MB',
  work_mem: '4MB',
  maintenance_work_mem: '32MB',
  effective_cache_size: '512MB',
  random_page_cost: '1.1',
  jit: 'off',
  // An acknowledged message is on the disk.
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  // `replica` costs a little WAL and keeps backup by pg_backup_start() possible: there is no pg_dump here.
  wal_level: 'replica',
  max_wal_senders: '0',
  max_replication_slots: '0',
  min_wal_size: '64MB',
  max_wal_size: '512MB',
  // Processes we do not need: three I/O workers (PostgreSQL 18's default) and the replication launcher.
  io_method: 'sync',
  max_logical_replication_workers: '0',
  max_worker_processes: '2',
  max_parallel_workers: '2',
  max_parallel_workers_per_gather: '0',
  max_parallel_maintenance_workers: '1',
  autovacuum: 'on',
  autovacuum_max_workers: '2',
  autovacuum_worker_slots: '2',
  // Files in the data directory instead of /dev/shm: containers give that 64 MB, and systemd-logind empties
  // it when the person who started us logs out (RemoveIPC).
  dynamic_shared_memory_type: 'mmap',
  huge_pages: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // Statements and their values belong to the people who wrote them.
  log_min_error_statement: 'panic',
}

const NAME = /^[a-z][a-z0-9_.]*$/i

/**
 * Command-line arguments for the server: the caller's settings over the defaults. On the command line, not
 * in postgresql.conf, so that a new version of Parley brings its settings to old data directories.
 *
 * @throws PostgresStartFailed for a malformed name or one of the fixed settings.
 */
export function settingArguments(settings: Readonly<Record<string, string>> = {}): string[] {
  for (const name of Object.keys(settings)) {
    if (!NAME.test(name)) throw new PostgresStartFailed(`"${name}" is not the name of a setting.`)
    if (name.toLowerCase() in FIXED) throw new PostgresStartFailed(`the setting ${name} cannot be changed.`)
  }
  return Object.entries({ ...DEFAULTS, ...settings, ...FIXED }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ])
}
