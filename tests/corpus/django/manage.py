import os
import pwd
import sys

import conf_kit

here = os.path.dirname(os.path.abspath(__file__))
if sys.argv[1] == "collectstatic":
    os.makedirs(os.path.join(here, "static"), exist_ok=True)
else:
    print(conf_kit.VERSION, pwd.getpwuid(os.getuid()).pw_name, os.environ["DATABASE_URL"], os.environ["BUILD_ENV"],
          pwd.getpwuid(os.stat("/start").st_uid).pw_name, sorted(os.listdir(here)))
