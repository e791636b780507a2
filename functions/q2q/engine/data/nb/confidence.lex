# confidence
