import { Marked, type Token, type Tokens } from 'marked'
import { Fragment, memo, useMemo, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Code } from './Code'
import { Formula } from './Formula'
import { safeLink, shownHost, unescapeEntities } from './links'
import { math, type MathToken } from './math'
import './markdown.css'

const marked = new Marked({ gfm: true }, math)

/** Tokens become elements of React, never HTML: HTML in the text is shown as the text that it is. */
function children(tokens: Token[] | undefined): ReactNode {
  return tokens?.map((token, i) => <Fragment key={i}>{render(token)}</Fragment>)
}

function Link({ href, text, inner }: { href: string; text: string; inner: ReactNode }) {
  const url = safeLink(href)
  if (!url) return <span className="md-dead">{inner}{text === href ? null : ` (${href})`}</span>
  const host = shownHost(url, text)
  return (
    <>
      <a href={url.href} target="_blank" rel="noopener noreferrer nofollow" title={url.href}>
        {inner}
      </a>
      {host && <span className="md-host"> ({host})</span>}
    </>
  )
}

/** Never loaded: asking another machine for an image would tell it what is read here. */
function Picture({ token }: { token: Tokens.Image }) {
  const { t } = useTranslation()
  const url = safeLink(token.href)
  return (
    <span className="md-picture">
      {t('markdown.image')}: {token.text || t('markdown.unnamed')}
      {url && <Link href={url.href} text="" inner={<> {t('markdown.open')}</>} />}
    </span>
  )
}

function List({ token }: { token: Tokens.List }) {
  const items = token.items.map((item, i) => (
    <li key={i}>
      {item.task && <input type="checkbox" checked={item.checked ?? false} readOnly disabled aria-label={item.text} />}
      {children(item.tokens)}
    </li>
  ))
  return token.ordered ? <ol start={token.start === '' ? 1 : token.start}>{items}</ol> : <ul>{items}</ul>
}

function Table({ token }: { token: Tokens.Table }) {
  const cell = (one: Tokens.TableCell) => ({ style: one.align ? { textAlign: one.align } : undefined, children: children(one.tokens) })
  return (
    <div className="md-table" tabIndex={0} role="group">
      <table>
        <thead>
          <tr>{token.header.map((one, i) => <th key={i} {...cell(one)} />)}</tr>
        </thead>
        <tbody>
          {token.rows.map((row, i) => (
            <tr key={i}>{row.map((one, k) => <td key={k} {...cell(one)} />)}</tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function render(token: Token): ReactNode {
  switch (token.type) {
    case 'space':
    case 'def':
      return null
    case 'hr':
      return <hr />
    case 'br':
      return <br />
    case 'heading': {
      const Tag = `h${Math.min(6, (token as Tokens.Heading).depth + 2)}` as 'h3'
      return <Tag>{children(token.tokens)}</Tag>
    }
    case 'paragraph':
      return <p>{children(token.tokens)}</p>
    case 'blockquote':
      return <blockquote>{children(token.tokens)}</blockquote>
    case 'list':
      return <List token={token as Tokens.List} />
    case 'table':
      return <Table token={token as Tokens.Table} />
    case 'code':
      return <Code text={(token as Tokens.Code).text} language={(token as Tokens.Code).lang ?? ''} />
    case 'mathBlock':
      return <Formula text={(token as MathToken).text} block />
    case 'math':
      return <Formula text={(token as MathToken).text} />
    case 'strong':
      return <strong>{children(token.tokens)}</strong>
    case 'em':
      return <em>{children(token.tokens)}</em>
    case 'del':
      return <del>{children(token.tokens)}</del>
    case 'codespan':
      return <code>{unescapeEntities((token as Tokens.Codespan).text)}</code>
    case 'link': {
      const link = token as Tokens.Link
      return <Link href={unescapeEntities(link.href)} text={link.text} inner={children(link.tokens)} />
    }
    case 'image':
      return <Picture token={token as Tokens.Image} />
    case 'text':
      return 'tokens' in token && token.tokens ? children(token.tokens) : unescapeEntities((token as Tokens.Text).text)
    case 'escape':
      return (token as Tokens.Escape).text
    case 'checkbox':
      return null
    default:
      return token.raw
  }
}

/** A block is drawn anew only when its own text changes: in a stream that is the last one. */
const Block = memo(
  ({ token }: { token: Token }) => <>{render(token)}</>,
  (a, b) => a.token.raw === b.token.raw && a.token.type === b.token.type,
)
Block.displayName = 'Block'

export const Markdown = memo(({ text }: { text: string }) => {
  const tokens = useMemo(() => marked.lexer(text), [text])
  return (
    <div className="md">
      {tokens.map((token, i) => (
        <Block key={i} token={token} />
      ))}
    </div>
  )
})
Markdown.displayName = 'Markdown'
