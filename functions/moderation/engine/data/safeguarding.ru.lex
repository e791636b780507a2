# safeguarding, ru
