import { useTranslation } from 'react-i18next'
import { numberText } from '../ui/format'
import { speedsOf, type Job, type Speed } from './models'

/** Bars that are a table too: each length stands beside its figure. */
function Bars({ title, speeds, textOf }: { title: string; speeds: Speed[]; textOf: (speed: Speed) => string }) {
  const { t, i18n } = useTranslation()
  const most = Math.max(...speeds.map((one) => one.perSecond))
  return (
    <table className="bars">
      <caption>{title}</caption>
      <tbody>
        {speeds.map((one) => (
          <tr key={`${one.tokens}/${one.streams}`}>
            <th scope="row">{textOf(one)}</th>
            <td aria-hidden="true">
              <div className="bar">
                <span style={{ width: `${(100 * one.perSecond) / most}%` }} />
              </div>
            </td>
            <td className="num">{t('chat.speed', { speed: numberText(one.perSecond, i18n.language, one.perSecond < 100 ? 1 : 0) })}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

export function BenchFigures({ job }: { job: Job }) {
  const { t, i18n } = useTranslation()
  const { prompts, answers } = speedsOf(job.result)
  const number = (value: number) => numberText(value, i18n.language)
  return (
    <div className="bench">
      {prompts.length > 0 && <Bars title={t('bench.prompts')} speeds={prompts} textOf={({ tokens }) => t('bench.prompt', { tokens: number(tokens) })} />}
      {answers.length > 0 && <Bars title={t('bench.answers')} speeds={answers} textOf={({ tokens, streams }) => t('bench.answer', { tokens: number(tokens), count: streams })} />}
    </div>
  )
}
