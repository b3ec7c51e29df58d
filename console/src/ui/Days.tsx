import { DatePicker } from 'antd'
import type { Dayjs } from 'dayjs'
import 'dayjs/locale/pt-br'
import 'dayjs/locale/zh-cn'
import { useTranslation } from 'react-i18next'

/** From one day to another; either may be open. */
export type DayRange = [Dayjs | null, Dayjs | null] | null

export function Days({ value, onChange }: { value: DayRange; onChange: (next: DayRange) => void }) {
  const { t } = useTranslation()
  return <DatePicker.RangePicker value={value} onChange={onChange} aria-label={t('usage.days')} classNames={{ popup: { root: 'days' } }} />
}
