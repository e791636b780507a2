# English: more ways to say it.
