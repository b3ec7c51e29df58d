import { useTranslation } from 'react-i18next'
import type { Schema } from '../api/http'
import { bytesText, moneyText, numberText } from './format'

/** How much of a quota is used up. */
export function QuotaBar({ quota }: { quota: Schema['Quota'] }) {
  const { t, i18n } = useTranslation()
  const used = (quota.used ?? 0) + (quota.reserved ?? 0)
  const show = (value: number) => (quota.metric === 'money' && quota.currency ? moneyText(value, quota.currency, i18n.language) : quota.metric === 'storage' ? bytesText(value, i18n.language) : numberText(value, i18n.language))
  const share = quota.amount > 0 ? Math.min(1, used / quota.amount) : 1
  return (
    <div>
      <div className="num" style={{ whiteSpace: 'nowrap' }}>
        {t('quota.usedOf', { used: show(used), amount: show(quota.amount) })}
      </div>
      <div className={share >= 1 ? 'bar bar-full' : 'bar'} aria-hidden="true">
        <span style={{ width: `${share * 100}%` }} />
      </div>
    </div>
  )
}
