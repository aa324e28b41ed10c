/**
 * One service's PostgreSQL: its own schema, its own role.
 *
 * Order: statements of one transaction run in order; `query` calls outside may run on any connection. Atomicity:
 * `transaction` commits everything or nothing. Errors: `DatabaseUnavailable` when the server cannot be reached
 * (nothing is known of the statement's fate if it was under way), otherwise the driver's error with its SQLSTATE
 * in `code`. Cost: one round trip a query.
 */
export interface QueryResult<Row> {
  readonly rows: Row[]
  readonly rowCount: number
}

export interface Queryable {
  /** `name` makes it a prepared statement, for the hot path. int8 and numeric columns arrive as numbers, timestamps as Date. */
  query<Row>(text: string, values?: readonly unknown[], name?: string): Promise<QueryResult<Row>>
}

export interface Database extends Queryable {
  transaction<Result>(work: (transaction: Queryable) => Promise<Result>): Promise<Result>
  close(): Promise<void>
}

/** One SQL file of a service, applied once, in order of `version`. */
export interface Migration {
  readonly version: number
  readonly name: string
  readonly sql: string
}
