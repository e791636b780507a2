"""Starts LocalStack itself: `python -I host.py`, with its variables in the environment.

In place of its supervisor, for one reason: LocalStack 4.10.0 keeps the contents
of buckets in /tmp/localstack-s3-storage, whatever it is told. Two stacks on a
machine would write into each other's buckets, and the second user's would not
start. The folder is set here, before anything is stored.

Not imported by the launcher, and in isolated mode so that no module beside it
hides one of LocalStack's.
"""

import os
import sys

if __name__ == "__main__":
    from localstack.runtime.main import main
    from localstack.services.s3 import provider

    if not hasattr(provider, "DEFAULT_S3_TMP_DIR"):
        sys.exit("this LocalStack keeps its buckets elsewhere than 4.10.0: look at services/s3/provider.py and change host.py")
    provider.DEFAULT_S3_TMP_DIR = os.path.join(os.environ["FILESYSTEM_ROOT"], "s3")
    main()
