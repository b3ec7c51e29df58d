"""What tests need of SentencePiece's model files and of its library."""


def clean(texts):
    """Without the names of special tokens and zeros, which sentencepiece's library reads in its own way."""
    return [text.replace("\0", "").replace("</s>", "") for text in texts]


def charsmap_of(model):
    """precompiled_charsmap (field 2) of normalizer_spec (field 3) of a sentencepiece model, by protobuf's wire format."""
    def fields(data):
        at = 0

        def number():
            nonlocal at
            value = shift = 0
            while True:
                byte = data[at]
                at += 1
                value |= (byte & 127) << shift
                shift += 7
                if byte < 128:
                    return value
        while at < len(data):
            key = number()
            size = {1: 8, 5: 4}.get(key & 7)
            if size is None:
                size = number()
            if key & 7:
                yield key >> 3, data[at:at + size]
                at += size
    spec = next(content for field, content in fields(model) if field == 3)
    return next((content for field, content in fields(spec) if field == 2), b"")
