# safeguarding, uk
