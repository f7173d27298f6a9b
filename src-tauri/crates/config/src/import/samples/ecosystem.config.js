// Started with: pm2 start ecosystem.config.js
'use strict';

/* Two programs of the same shop. */
module.exports = {
  apps: [
    {
      name: 'bot',
      script: 'index.mjs',
      cwd: '/srv/bot', // where it lives
      env: { TOKEN_FILE: "/run/secrets/bot", RETRIES: 0x10, QUIET: true },
      restart_delay: 4000,
      max_restarts: 10,
      time: true,
    },
    { name: 'tunnel', script: 'ssh -N -L 5432:localhost:5432 db.example.com', autorestart: true },
  ],
};
