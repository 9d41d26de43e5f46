//! Small deployments, each with what has to be found in it, and nothing else that is an error or a danger.

use splitbrain_deploy::{Finding, Memory, Severity, findings, read};

/// Errors and dangers as `id file:line`.
fn bad(files: &[(&str, &str)]) -> Vec<String> {
    let bad = |finding: &&Finding| finding.severity != Severity::Advice;
    all(files).iter().filter(bad).map(|f| format!("{} {}:{}", f.id, f.place.file, f.place.line)).collect()
}

fn all(files: &[(&str, &str)]) -> Vec<Finding> {
    let store = Memory::of(files.iter().copied());
    let reading = read(&store, &[".".to_owned()]);
    assert_eq!(reading.troubles, []);
    findings(&reading)
}

const SENTINEL: &str = "port 26379\nsentinel resolve-hostnames yes\nsentinel monitor cache redis-1 6379 2\n\
    sentinel down-after-milliseconds cache 8000\nsentinel failover-timeout cache 90000\n";

/// A service for each of three servers and three Sentinels, with these commands.
fn compose(redis: &str, replica: &str, sentinel: &str) -> String {
    let mut text = String::from("services:\n");
    for (name, command) in [("redis-1", redis), ("redis-2", replica), ("redis-3", replica)] {
        text += &format!(
            "  {name}:\n    image: redis:7.0\n    restart: always\n    volumes: [{name}:/data, ./conf:/seed:ro]\n{command}"
        );
    }
    for name in ["s1", "s2", "s3"] {
        text += &format!(
            "  {name}:\n    image: redis:7.0\n    restart: always\n    volumes: [{name}:/state, ./conf:/seed:ro]\n{sentinel}"
        );
    }
    text
}

const KEPT: &str = "    command: [sh, -c, 'test -f /data/redis.conf || cp /seed/$$0.conf /data/redis.conf; exec redis-server /data/redis.conf', master]\n";
const KEPT_REPLICA: &str = "    command: [sh, -c, 'test -f /data/redis.conf || cp /seed/$$0.conf /data/redis.conf; exec redis-server /data/redis.conf', replica]\n";
const KEPT_SENTINEL: &str = "    entrypoint: sh -c \"if [ ! -e /state/s.conf ]; then cat /seed/sentinel.conf > /state/s.conf; fi; exec redis-sentinel /state/s.conf\"\n";
const MASTER: &str = "dir /data\nappendonly yes\nmin-replicas-to-write 1\n";
const REPLICA: &str = "dir /data\nappendonly yes\nmin-replicas-to-write 1\nreplicaof redis-1 6379\n";

#[test]
fn seeds_that_are_copied_once_are_sound() {
    let compose = compose(KEPT, KEPT_REPLICA, KEPT_SENTINEL);
    let files = [
        ("docker-compose.yml", &*compose),
        ("conf/sentinel.conf", SENTINEL),
        ("conf/master.conf", MASTER),
        ("conf/replica.conf", REPLICA),
    ];
    assert_eq!(bad(&files), [] as [&str; 0]);
}

#[test]
fn a_seed_that_is_copied_at_each_start_forgets_the_role_and_the_votes() {
    let always = |text: &str| {
        text.replace("test -f /data/redis.conf || ", "")
            .replace("if [ ! -e /state/s.conf ]; then ", "")
            .replace(" fi;", "")
    };
    let compose = compose(&always(KEPT), &always(KEPT_REPLICA), &always(KEPT_SENTINEL));
    let files = [
        ("docker-compose.yml", &*compose),
        ("conf/sentinel.conf", SENTINEL),
        ("conf/master.conf", MASTER),
        ("conf/replica.conf", REPLICA),
    ];
    let expected = [
        "role-hardcoded conf/replica.conf:4",
        "sentinel-state-ephemeral docker-compose.yml:21",
        "sentinel-state-ephemeral docker-compose.yml:26",
        "sentinel-state-ephemeral docker-compose.yml:31",
    ];
    assert_eq!(bad(&files), expected);
}

#[test]
fn a_text_of_compose_is_read_where_it_stands() {
    let text = "\
x-sentinel: &sentinel
  image: redis:7.0
  restart: always
  tmpfs: /run/redis
  command:
    - sh
    - -c
    - |
      cat > /run/redis/sentinel.conf <<EOF
      port 26379
      sentinel resolve-hostnames yes
      sentinel monitor orders $$MASTER 6379 ${QUORUM:-5}
      sentinel auth-pass orders other
      EOF
      exec redis-sentinel /run/redis/sentinel.conf
  environment:
    MASTER: r1
services:
  r1:
    image: redis:7.0
    restart: always
    volumes: ['d1:/data']
    command: >
      redis-server --requirepass secret --masterauth secret
      --min-replicas-to-write 1
      --appendonly yes
  r2:
    image: redis:7.0
    restart: always
    volumes: ['d2:/data']
    command: >
      redis-server --requirepass secret --masterauth secret
      --min-replicas-to-write 1 --replica-priority 0
      --appendonly yes --replicaof r1 6379
  s1: { <<: *sentinel }
  s2: { <<: *sentinel }
  s3: { <<: *sentinel }
";
    let expected = [
        "password-mismatch compose.yaml:13",
        "quorum-exceeds-sentinels compose.yaml:12",
        "replica-priority-zero-all compose.yaml:33",
        "role-hardcoded compose.yaml:34",
        "sentinel-state-ephemeral compose.yaml:6",
    ];
    let mut found = bad(&[("compose.yaml", text)]);
    found.sort();
    assert_eq!(found, expected);
}

#[test]
fn an_image_that_is_built_brings_its_files() {
    let compose = compose(KEPT, KEPT_REPLICA, "    build: ./sentinel\n    environment: {QUORUM: 4}\n");
    let dockerfile = "FROM alpine AS one\nCMD [\"true\"]\nFROM redis:7.0\n\
        COPY sentinel.conf entry.sh /etc/redis/\nRUN chmod +x /etc/redis/entry.sh\nENTRYPOINT [\"/etc/redis/entry.sh\"]\n";
    let entry = "#!/bin/sh\nsed -i \"s/\\$QUORUM/$QUORUM/g\" /etc/redis/sentinel.conf\nexec redis-server /etc/redis/sentinel.conf --sentinel\n";
    let sentinel = SENTINEL.replace("6379 2", "6379 $QUORUM");
    let files = [
        ("docker-compose.yml", &*compose),
        ("sentinel/Dockerfile", dockerfile),
        ("sentinel/entry.sh", entry),
        ("sentinel/sentinel.conf", &*sentinel),
        ("conf/master.conf", MASTER),
        ("conf/replica.conf", REPLICA),
    ];
    assert_eq!(bad(&files), ["quorum-exceeds-sentinels sentinel/sentinel.conf:3"]);
}

#[test]
fn lists_of_a_shell_become_options() {
    let text = "\
services:
  r1:
    image: redis:7.0
    command:
      - bash
      - -c
      - |
        ARGS=(--port 6379)
        ARGS+=(--requirepass \"$$PASS\" --protected-mode no)
        exec redis-server \"$${ARGS[@]}\"
    environment: [PASS=secret]
  s1:
    image: redis:7.0
    command: redis-sentinel /data/s.conf
    volumes: ['./state:/data']
";
    let sentinel = "sentinel resolve-hostnames yes\nsentinel monitor m r1 6379 1\n";
    let expected = [
        "sentinel-auth-pass-missing state/s.conf:2",
        "masterauth-missing-on-master docker-compose.yml:9",
        "quorum-one state/s.conf:2",
    ];
    let mut found = bad(&[("docker-compose.yml", text), ("state/s.conf", sentinel)]);
    found.sort();
    let mut expected = expected.to_vec();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn pods_take_their_role_from_their_number() {
    let text = "\
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: scripts}
  data:
    init.sh: |
      #!/bin/bash
      set -ex
      [[ `hostname` =~ -([0-9]+)$ ]] || exit 1
      ordinal=${BASH_REMATCH[1]}
      if [[ $ordinal -eq 0 ]]; then
        cp /scripts/master.conf /etc/redis/redis.conf
      else
        cp /scripts/replica.conf /etc/redis/redis.conf
      fi
    master.conf: |
      appendonly yes
      maxmemory 1gb
      min-replicas-to-write 1
    replica.conf: |
      replicaof r-0.r 6379
      appendonly yes
      min-replicas-to-write 1
    sentinel.conf: |
      sentinel resolve-hostnames yes
      sentinel monitor m r-0.r.shop.svc.cluster.local 6379 2
      sentinel parallel-syncs m 1
- apiVersion: v1
  kind: Service
  metadata: {name: r, namespace: shop}
  spec: {clusterIP: None, selector: {app: r}}
- apiVersion: apps/v1
  kind: StatefulSet
  metadata: {name: r, namespace: shop}
  spec:
    serviceName: r
    replicas: 3
    template:
      metadata: {labels: {app: r}}
      spec:
        topologySpreadConstraints:
        - {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: r}}}
        initContainers:
        - name: init
          image: redis:7.0
          command: [bash, /scripts/init.sh]
          volumeMounts: [{name: scripts, mountPath: /scripts}, {name: conf, mountPath: /etc/redis}]
        containers:
        - name: redis
          image: redis:7.0
          command: [redis-server, /etc/redis/redis.conf]
          volumeMounts: [{name: data, mountPath: /data}, {name: conf, mountPath: /etc/redis}]
        - name: sentinel
          image: redis:7.0
          command: [sh, -c]
          args: ['[ -f /data/s.conf ] || cp /scripts/sentinel.conf /data/s.conf; redis-sentinel /data/s.conf']
          volumeMounts: [{name: data, mountPath: /data}, {name: scripts, mountPath: /scripts}]
        volumes:
        - {name: scripts, configMap: {name: scripts}}
        - {name: conf, emptyDir: {}}
    volumeClaimTemplates:
    - metadata: {name: data}
";
    assert_eq!(bad(&[("all.yaml", text)]), ["maxmemory-mismatch all.yaml:20", "role-hardcoded all.yaml:23"]);
}

#[test]
fn hosts_are_told_apart_by_their_folders() {
    let sentinel = |quorum: u32| format!("sentinel monitor m 10.1.1.1 6379 {quorum}\n");
    let redis = "bind 0.0.0.0\nrequirepass a\nmasterauth a\nmin-replicas-to-write 1\nreplica-announce-ip 10.1.1.";
    let files = [
        ("a/redis.conf", format!("{redis}1\n")),
        ("a/sentinel.conf", sentinel(2)),
        ("b/redis.conf", format!("{redis}2\nreplicaof 10.1.1.1 6379\n")),
        ("b/sentinel.conf", sentinel(2)),
        ("c/redis.conf", format!("{redis}3\nreplicaof 10.1.1.1 6379\nrename-command CONFIG guessme\n")),
        ("c/sentinel.conf", sentinel(3)),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, &**text)).collect();
    let expected = [
        "sentinel-auth-pass-missing a/sentinel.conf:1",
        "sentinel-auth-pass-missing b/sentinel.conf:1",
        "rename-command-not-told c/redis.conf:7",
        "sentinel-auth-pass-missing c/sentinel.conf:1",
        "quorum-differs c/sentinel.conf:1",
    ];
    assert_eq!(bad(&files), expected);
}

#[test]
fn one_file_alone_is_judged_by_what_it_says() {
    let text =
        "\u{feff}port 26379\r\nsentinel monitor m db.example.org 6379 2\r\nsentinel down-after-milliseconds m 5s\r\n";
    let text = text.trim_start_matches('\u{feff}');
    assert_eq!(bad(&[("sentinel.conf", text)]), ["hostname-without-resolve sentinel.conf:2"]);
    let refused = "port 6379\nmaxmemory lots # all of it\nappendonly perhaps\n";
    assert_eq!(
        bad(&[("redis.conf", refused)]),
        ["inline-comment redis.conf:2", "start-refused redis.conf:2", "start-refused redis.conf:3"]
    );
}

#[test]
fn values_of_the_chart_count_the_master_among_the_nodes() {
    let text = "redis:\n  architecture: replication\n  sentinel: {enabled: true, quorum: 3}\n  replica:\n    replicaCount: 3\n    podAntiAffinityPreset: hard\n  commonConfiguration: |\n    appendonly yes\n    min-replicas-to-write 1\n";
    assert_eq!(bad(&[("values.yaml", text)]), [] as [&str; 0]);
    let four = text.replace("replicaCount: 3", "replicaCount: 4");
    assert_eq!(bad(&[("values.yaml", &four)]), ["sentinel-count-even values.yaml:5"]);
    let few = text.replace("replicaCount: 3", "replicaCount: 2");
    assert_eq!(
        bad(&[("values.yaml", &few)]),
        ["quorum-exceeds-sentinels values.yaml:3", "sentinel-count-two values.yaml:5"]
    );
}

#[test]
fn clients_that_follow_the_sentinels_are_left_alone() {
    let client = |env: &str| {
        let redis = compose(KEPT, KEPT_REPLICA, KEPT_SENTINEL);
        let text = format!("{redis}  app:\n    image: shop\n    environment:\n      {env}\n");
        let files = [
            ("docker-compose.yml", &*text),
            ("conf/sentinel.conf", SENTINEL),
            ("conf/master.conf", MASTER),
            ("conf/replica.conf", REPLICA),
        ];
        bad(&files)
    };
    assert_eq!(client("REDIS_URL: redis-sentinel://s1:26379,s2:26379/cache"), [] as [&str; 0]);
    assert_eq!(client("REDIS_READ_HOST: redis-2"), [] as [&str; 0]);
    assert_eq!(client("REDIS_HOST: redis-1"), ["client-fixed-master docker-compose.yml:35"]);
    assert_eq!(client("REDIS_SENTINEL_MASTER: other"), [] as [&str; 0]);
    assert_eq!(
        client("REDIS_SENTINELS: s1:26379\n      REDIS_SENTINEL_MASTER: other"),
        ["master-name-mismatch docker-compose.yml:36"]
    );
}

#[test]
fn sentinels_that_share_a_file_or_an_id_are_told() {
    let compose =
        compose(KEPT, KEPT_REPLICA, "    command: redis-sentinel /both/sentinel.conf\n").replace("/seed:ro", "/seed");
    let compose =
        compose.replace("s1:/state, ./conf:/seed", "./own:/both").replace("s2:/state, ./conf:/seed", "./own:/both");
    let compose = compose.replace("s3:/state, ./conf:/seed", "./other:/both");
    let files = [
        ("docker-compose.yml", &*compose),
        ("own/sentinel.conf", SENTINEL),
        ("other/sentinel.conf", SENTINEL),
        ("conf/master.conf", MASTER),
        ("conf/replica.conf", REPLICA),
    ];
    assert_eq!(
        bad(&files),
        ["sentinel-config-shared docker-compose.yml:20", "sentinel-config-shared docker-compose.yml:25"]
    );
    let text = format!("{}sentinel myid {}\n", SENTINEL.replace("redis-1", "10.0.0.1"), "ab".repeat(20));
    let files = [("a/sentinel.conf", &*text), ("b/sentinel.conf", &*text)];
    assert_eq!(bad(&files), ["sentinel-id-twice a/sentinel.conf:6", "sentinel-id-twice b/sentinel.conf:6"]);
}

#[test]
fn hosts_may_keep_their_folders_of_configuration() {
    let redis = |ip: u32, more: &str| {
        format!("bind 10.2.2.{ip}\nrequirepass \"p w\"\nmasterauth \"p w\"\nmin-slaves-to-write 1\n{more}")
    };
    let sentinel =
        |ip: u32| format!("bind 10.2.2.{ip}\nsentinel monitor m 10.2.2.1 6379 2\nsentinel auth-pass m \"p w\"\n");
    let replica = "slaveof 10.2.2.1 6379\nslave-priority 0\n";
    let files = [
        ("all/n1/etc/redis/redis.conf", redis(1, "")),
        ("all/n1/etc/redis/sentinel.conf", sentinel(1)),
        ("all/n2/etc/redis/redis.conf", redis(2, replica)),
        ("all/n2/etc/redis/sentinel.conf", sentinel(2)),
        ("all/n3/etc/redis/sentinel.conf", sentinel(3)),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, &**text)).collect();
    assert_eq!(bad(&files), ["replica-priority-zero-all all/n2/etc/redis/redis.conf:6"]);
    assert!(all(&files).iter().all(|finding| finding.id != "single-host"));
}

#[test]
fn secrets_that_are_not_there_stand_for_themselves() {
    let stack = "services:
  redis:
    image: redis:7.0
    command: sh -c 'redis-server --appendonly yes --requirepass \"$$(cat /run/secrets/pw)\"'
    secrets: [pw]
    volumes: [data:/data]
  sentinel:
    image: redis:7.0
    command: sh -c 'printf \"sentinel resolve-hostnames yes\\nsentinel monitor m redis 6379 2\\nsentinel auth-pass m %s\\n\" \"$$(cat /run/secrets/pw)\" > /data/s.conf; redis-sentinel /data/s.conf'
    secrets: [pw]
secrets:
  pw: {external: true}
volumes: {data: }
";
    let reading = read(&Memory::of([("docker-compose.yml", stack)]), &[".".to_owned()]);
    let nodes = &reading.deployments[0].nodes;
    let password = nodes[0].conf.value("requirepass").expect("it has one");
    assert!(password.contains("pw"), "{password}");
    let given = nodes[1].conf.of_master("auth-pass", "m").expect("it is given one");
    assert_eq!(given.words[3], password);
    let ids: Vec<&str> = findings(&reading).iter().map(|finding| finding.id).collect();
    for wrong in ["start-refused", "no-auth", "password-mismatch", "file-missing"] {
        assert!(!ids.contains(&wrong), "{ids:?}");
    }
}

#[test]
fn compose_files_that_others_include_or_extend_are_no_deployments_of_their_own() {
    let files = [
        (
            "compose.yaml",
            "include: [common.yaml]\nservices:\n  b: {extends: {file: base.yaml, service: server}, command: redis-server --replicaof a 6379}\n",
        ),
        ("common.yaml", "services:\n  a: {image: redis}\n"),
        ("base.yaml", "services:\n  server: {image: redis}\n"),
    ];
    let reading = read(&Memory::of(files), &[".".to_owned()]);
    let sources: Vec<&str> = reading.deployments.iter().map(|its| &*its.source).collect();
    assert_eq!(sources, ["compose.yaml"], "{:?}", reading.troubles);
}

/// What the start scripts of Bitnami's chart do, in their words.
const START: &str = r#"
    #!/bin/bash
    . /opt/bitnami/scripts/libos.sh
    full() {
        host="$1"
        echo "${host}.${HEADLESS}"
    }
    HEADLESS="r-headless.default.svc.cluster.local"
    cli() {
        local timeout="${1:-0}"
        local args=("-h" "r" "-p" "26379")
        local command="redis-cli"
        if is_boolean_yes "$TLS"; then
            args+=("--tls")
        fi
        if [ "$timeout" -gt 0 ]; then
            command="timeout $timeout $command"
        fi
        echo " $command ${args[*]}"
    }
    ask() {
        question="$(cli 90) sentinel get-master-addr-by-name mymaster"
        retry_while "eval $question" 2 5
    }
"#;

#[test]
fn the_start_scripts_of_a_rendered_chart_are_understood() {
    let server = r#"
    [[ -f $PASSWORD_FILE ]] && export PASSWORD="$(< "${PASSWORD_FILE}")"
    known="$(ask)"
    if [[ $? -ne 0 ]]; then
        export MODE="master"
    else
        INFO=($(ask))
        MASTER=${INFO[0]}
        if [[ "$MASTER" == "$(full "$HOSTNAME")" ]]; then MODE="master"; else MODE="replica"; fi
    fi
    ARGS=("--port" "6379" "--appendonly" "yes" "--min-replicas-to-write" "1")
    if [[ "$MODE" = "replica" ]]; then
        ARGS+=("--replicaof" "${MASTER}" "6379")
    fi
    ARGS+=("--requirepass" "${PASSWORD}" "--masterauth" "${PASSWORD}")
    exec redis-server "${ARGS[@]}"
"#;
    let sentinel = r#"
    conf=/opt/bitnami/redis-sentinel/etc/sentinel.conf
    INFO=($(ask))
    if [ "$?" -eq "0" ]; then MASTER=${INFO[0]}; else MASTER="$(full "$HOSTNAME")"; fi
    cp /mounted/sentinel.conf $conf
    printf "\nsentinel auth-pass %s %s" "mymaster" "$PASSWORD" >> $conf
    printf "\nsentinel myid %s" "$(echo "$HOSTNAME" | openssl sha1 | awk '{print $2}')" >> $conf
    replace_in_file "$conf" "^#*\s*sentinel monitor .*" "sentinel monitor mymaster $MASTER 6379 2" false
    echo "" >> $conf
    echo "sentinel resolve-hostnames yes" >> $conf
    echo "sentinel announce-ip $(full "$HOSTNAME")" >> $conf
    exec redis-server $conf --sentinel
"#;
    let manifest = format!(
        r#"
apiVersion: v1
kind: ConfigMap
metadata: {{name: scripts}}
data:
  server.sh: |{START}{server}
  sentinel.sh: |{START}{sentinel}
  sentinel.conf: |
    sentinel monitor mymaster r-node-0.r-headless.default.svc.cluster.local 6379 2
    sentinel down-after-milliseconds mymaster 5000
---
apiVersion: v1
kind: Service
metadata: {{name: r-headless}}
spec: {{clusterIP: None, selector: {{app: r}}, ports: [{{port: 6379}}]}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: r-node}}
spec:
  replicas: 3
  serviceName: r-headless
  selector: {{matchLabels: {{app: r}}}}
  template:
    metadata: {{labels: {{app: r}}}}
    spec:
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
          - {{labelSelector: {{matchLabels: {{app: r}}}}, topologyKey: kubernetes.io/hostname}}
      containers:
      - name: redis
        image: bitnami/redis:7.0
        command: [/bin/bash, -c, /scripts/server.sh]
        env: [{{name: PASSWORD, value: hunter2}}]
        volumeMounts: [{{name: scripts, mountPath: /scripts}}, {{name: data, mountPath: /data}}]
      - name: sentinel
        image: bitnami/redis-sentinel:7.0
        command: [/bin/bash, -c, /scripts/sentinel.sh]
        env: [{{name: PASSWORD, value: hunter2}}]
        volumeMounts:
        - {{name: scripts, mountPath: /scripts}}
        - {{name: scripts, mountPath: /mounted}}
        - {{name: etc, mountPath: /opt/bitnami/redis-sentinel/etc}}
      volumes:
      - {{name: scripts, configMap: {{name: scripts, defaultMode: 0755}}}}
      - {{name: etc, emptyDir: {{}}}}
  volumeClaimTemplates:
  - {{metadata: {{name: data}}, spec: {{accessModes: [ReadWriteOnce]}}}}
"#
    );
    let reading = read(&Memory::of([("all.yaml", &*manifest)]), &[".".to_owned()]);
    assert_eq!(reading.troubles, []);
    let deployment = &reading.deployments[0];
    assert!(deployment.unclear.is_empty(), "{:?}", deployment.unclear);
    let lines: Vec<String> = deployment
        .nodes
        .iter()
        .map(|node| node.conf.lines.iter().map(|line| line.words.join(" ")).collect::<Vec<_>>().join("; "))
        .collect();
    let master = "r-node-0.r-headless.default.svc.cluster.local";
    assert!(!lines[0].contains("replicaof") && lines[2].contains(&format!("replicaof {master} 6379")), "{lines:?}");
    assert!(lines[5].contains(&format!("sentinel monitor mymaster {master} 6379 2")), "{lines:?}");
    assert_eq!(bad(&[("all.yaml", &manifest)]), Vec::<String>::new());
}

/// A Sentinel of Kubernetes with a script from a ConfigMap, under an account.
const SCRIPTED: &str = "apiVersion: v1
kind: ServiceAccount
metadata: {name: known}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: conf}
data:
  sentinel.conf: |
    sentinel monitor cache 10.0.0.1 6379 1
    sentinel notification-script cache /conf/notify.sh
  notify.sh: |
    #!/bin/bash
    echo $1
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: sentinel}
spec:
  serviceName: sentinel
  template:
    spec:
      serviceAccountName: known
      containers:
        - name: sentinel
          image: redis:7.0-alpine
          command: [sh, -c, \"cp /conf/sentinel.conf /state/s.conf && redis-sentinel /state/s.conf\"]
          volumeMounts: [{name: conf, mountPath: /conf}, {name: state, mountPath: /state}]
      volumes: [{name: conf, configMap: {name: conf, defaultMode: 0755}}, {name: state, emptyDir: {}}]
";

#[test]
fn a_script_needs_its_interpreter_and_pods_their_account() {
    let named = |text: &str, id: &str| {
        let found = all(&[("sentinel.yaml", text)]);
        found.iter().filter(|f| f.id == id).map(|f| f.place.line).collect::<Vec<u32>>()
    };
    assert_eq!(named(SCRIPTED, "script-interpreter-missing"), [11]);
    assert_eq!(named(&SCRIPTED.replace("0755", "0644"), "script-interpreter-missing"), [11], "beside its missing bit");
    assert_eq!(named(&SCRIPTED.replace("7.0-alpine", "7.0"), "script-interpreter-missing"), [] as [u32; 0]);
    assert_eq!(named(&SCRIPTED.replace("/bin/bash", "/bin/sh"), "script-interpreter-missing"), [] as [u32; 0]);

    let account = "service-account-undefined";
    assert_eq!(named(SCRIPTED, account), [] as [u32; 0]);
    assert_eq!(named(&SCRIPTED.replace("serviceAccountName: known", "serviceAccountName: other"), account), [23]);
    assert_eq!(
        named(&SCRIPTED.replace("serviceAccountName: known", "serviceAccountName: default"), account),
        [] as [u32; 0]
    );
}
