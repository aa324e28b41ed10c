/** What `parley doctor` says of one thing that it looked at. */

export interface Finding {
  readonly subject: string
  /** `bad`: it will not work. `poor`: it will, worse than it could. */
  readonly state: 'good' | 'poor' | 'bad'
  /** What was found, and what to do about it. */
  readonly says: string
}

export type Verdict = Omit<Finding, 'subject'>

export const good = (says: string): Verdict => ({ state: 'good', says })
export const poor = (says: string): Verdict => ({ state: 'poor', says })
export const bad = (says: string): Verdict => ({ state: 'bad', says })
