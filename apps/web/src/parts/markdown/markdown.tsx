import type { User } from '@parley/protocol'
import type { Token, Tokens } from 'marked'
import { createContext, Fragment, memo, type ReactNode, use, useMemo } from 'react'
import { useMe, useUsers } from '../../hooks/use-people.ts'
import styles from './markdown.module.css'
import { parseMarkdown, safeHref, splitMentions } from './parse.ts'

/** Who is mentioned, by user name; only these names are drawn as mentions. */
const MentionContext = createContext<ReadonlyMap<string, User>>(new Map())
const noIds: readonly string[] = []

/** A message's text: tokens to elements, never HTML. */
export const Markdown = memo(function Markdown({
  body,
  mentions = noIds,
}: {
  body: string
  mentions?: readonly string[] | undefined
}) {
  const tokens = useMemo(() => parseMarkdown(body), [body])
  const users = useUsers(mentions)
  const names = useMemo(
    () => new Map(users.flatMap((user) => (user === undefined ? [] : [[user.username, user]]))),
    [users],
  )
  return (
    <MentionContext value={names}>
      <div className={styles.markdown}>{tokens === null ? <p>{body}</p> : <Blocks tokens={tokens} />}</div>
    </MentionContext>
  )
})

function Blocks({ tokens }: { tokens: readonly Token[] }): ReactNode {
  return tokens.map((token, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a parsed text never changes its order.
    <Block key={index} token={token as Tokens.Generic} />
  ))
}

function Block({ token }: { token: Tokens.Generic }): ReactNode {
  switch (token.type) {
    case 'paragraph':
      return (
        <p>
          <Inlines of={token} />
        </p>
      )
    case 'heading':
      return (
        <p className={styles.heading}>
          <Inlines of={token} />
        </p>
      )
    case 'code':
      return (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: wide code scrolls, also by keyboard.
        <pre className={styles.block} tabIndex={0}>
          <code>{token.text}</code>
        </pre>
      )
    case 'blockquote':
      return (
        <blockquote className={styles.quote}>
          <Blocks tokens={token.tokens ?? []} />
        </blockquote>
      )
    case 'list':
      return <List token={token as Tokens.List} />
    case 'hr':
      return <hr className={styles.rule} />
    case 'table':
      return <Table token={token as Tokens.Table} />
    case 'space':
      return null
    default:
      return (
        <p>
          <Inline token={token} />
        </p>
      )
  }
}

function List({ token }: { token: Tokens.List }) {
  const items = token.items.map((item, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a parsed text never changes its order.
    <li key={index} data-task={item.task || undefined}>
      {item.task ? <span aria-hidden="true">{item.checked === true ? '☑ ' : '☐ '}</span> : null}
      {item.tokens.map((child, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: as above.
        <Fragment key={place}>
          {child.type === 'text' ? (
            <Inlines of={child as Tokens.Generic} />
          ) : (
            <Block token={child as Tokens.Generic} />
          )}
        </Fragment>
      ))}
    </li>
  ))
  if (!token.ordered) return <ul className={styles.list}>{items}</ul>
  return (
    <ol className={styles.list} start={token.start === '' ? 1 : token.start}>
      {items}
    </ol>
  )
}

function Table({ token }: { token: Tokens.Table }) {
  const cells = (row: readonly Tokens.TableCell[], Cell: 'th' | 'td') =>
    row.map((cell, index) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: a parsed text never changes its order.
      <Cell key={index}>
        <InlineTokens tokens={cell.tokens} />
      </Cell>
    ))
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls, also by keyboard.
    <div className={styles.tableBox} tabIndex={0}>
      <table className={styles.table}>
        <thead>
          <tr>{cells(token.header, 'th')}</tr>
        </thead>
        <tbody>
          {token.rows.map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a parsed text never changes its order.
            <tr key={index}>{cells(row, 'td')}</tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Inlines({ of }: { of: Tokens.Generic }) {
  return of.tokens === undefined ? (
    <Text text={String(of.text ?? of.raw)} />
  ) : (
    <InlineTokens tokens={of.tokens} />
  )
}

function InlineTokens({ tokens }: { tokens: readonly Token[] }): ReactNode {
  return tokens.map((token, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a parsed text never changes its order.
    <Inline key={index} token={token as Tokens.Generic} />
  ))
}

function Inline({ token }: { token: Tokens.Generic }): ReactNode {
  switch (token.type) {
    case 'strong':
      return (
        <strong>
          <Inlines of={token} />
        </strong>
      )
    case 'em':
      return (
        <em>
          <Inlines of={token} />
        </em>
      )
    case 'del':
      return (
        <del>
          <Inlines of={token} />
        </del>
      )
    case 'codespan':
      return <code className={styles.code}>{token.text}</code>
    case 'br':
      return <br />
    case 'link':
      return <Anchor token={token as Tokens.Link} />
    case 'image':
      return <Text text={token.raw} />
    case 'text':
    case 'escape':
      return token.tokens === undefined ? <Text text={token.text} /> : <Inlines of={token} />
    default:
      return <Text text={token.raw} />
  }
}

function Anchor({ token }: { token: Tokens.Link }) {
  const href = safeHref(token.href)
  if (href === null) return <Text text={token.raw} />
  return (
    <a
      className={styles.link}
      href={href}
      target="_blank"
      rel="noopener noreferrer nofollow"
      title={token.title ?? undefined}
    >
      {token.autolink === true ? token.text : <InlineTokens tokens={token.tokens} />}
    </a>
  )
}

function Text({ text }: { text: string }): ReactNode {
  const names = use(MentionContext)
  if (names.size === 0 || !text.includes('@')) return text
  return splitMentions(text).map((part, index) => {
    const user = index % 2 === 1 ? names.get(part.toLowerCase()) : undefined
    const shown = index % 2 === 1 ? `@${part}` : part
    // biome-ignore lint/suspicious/noArrayIndexKey: a parsed text never changes its order.
    return user === undefined ? shown : <Mention key={index} user={user} text={shown} />
  })
}

function Mention({ user, text }: { user: User; text: string }) {
  const me = useMe()
  return (
    <span className={styles.mention} data-me={user.id === me.id || undefined} title={user.display_name}>
      {text}
    </span>
  )
}
