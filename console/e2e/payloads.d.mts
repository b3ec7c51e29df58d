export declare const payloads: string[]
