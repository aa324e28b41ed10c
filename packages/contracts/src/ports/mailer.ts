/**
 * One way out for letters: a server that takes them over SMTP.
 *
 * Order: none. Repetition: the same letter may be given twice (the process died between the server's answer and ours);
 * it carries the same Message-ID, by which mailboxes know it. Loss: none once `send` has resolved with `sent`, as far
 * as the server keeps its word. Cost: one connection a letter, bounded waits of tens of seconds.
 */
export interface Letter {
  /** Part of the Message-ID: the same after a repetition. */
  readonly id: string
  /** One bare address. */
  readonly to: string
  /** One line. */
  readonly subject: string
  readonly text: string
  readonly html: string
  /** Where one click unsubscribes (RFC 8058); for letters that nobody asked for at this moment. */
  readonly unsubscribeUrl?: string | undefined
}

export interface Mailer {
  /**
   * `refused`: the server will not take this letter, now or later (no such mailbox). Throws `unavailable` for
   * everything that may pass or be mended: the server is away, busy, wants other credentials or another sender.
   */
  send(letter: Letter): Promise<'sent' | 'refused'>
  /** Connects, greets and signs in without sending. Throws like `send`. */
  check(): Promise<void>
  /** What is being handed over gets a few seconds more. */
  close(): void
}
