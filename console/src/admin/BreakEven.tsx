import { Descriptions } from 'antd'
import { useTranslation } from 'react-i18next'
import type { Schema } from '../api/http'
import { moneyText, numberText } from '../ui/format'

export type Machine = Schema['MachineCost']

/** The box beside the cloud that it replaces, as the usage says and no better. */
export function BreakEven({ machine, as }: { machine: Machine | undefined; as: string }) {
  const { t, i18n } = useTranslation()
  if (!machine) return <p className="page-lead">{t('even.unknown')}</p>
  const money = (value: number, currency: string) => moneyText(value * 1e6, currency, i18n.language)
  const millions = (tokens: number) => (tokens < 1e5 ? numberText(tokens, i18n.language) : t('even.millions', { number: numberText(tokens / 1e6, i18n.language, 1) }))
  const even = machine.break_even
  return (
    <section aria-label={t('even.title')}>
      <h2>{t('even.title')}</h2>
      <Descriptions
        size="small"
        bordered
        column={{ xs: 1, md: 2 }}
        items={[
          { key: 'box', label: t('even.box', { count: machine.days }), children: money(machine.cost, machine.currency) },
          { key: 'cloud', label: t('even.cloud', { model: as }), children: t('even.orPeak', { usual: money(machine.cloud_cost, machine.cloud_currency), peak: money(machine.cloud_cost_peak, machine.cloud_currency) }) },
          ...(even
            ? [
                { key: 'even', label: t('even.even'), children: t('even.orPeak', { usual: millions(even.tokens_a_month), peak: millions(even.tokens_a_month_peak) }) },
                { key: 'used', label: t('even.used'), children: millions(even.used_a_month) },
              ]
            : []),
        ]}
      />
      <p className="page-lead">{even ? t(even.used_a_month >= even.tokens_a_month ? 'even.boxIsCheaper' : 'even.cloudIsCheaper') : t('even.none')}</p>
    </section>
  )
}
